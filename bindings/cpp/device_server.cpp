// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tango_bindings/device_server.h"

#include "cpptango_telemetry/telemetry_device.h"
#include "tango-bindings/src/bridge.rs.h"

#include <algorithm>

namespace tango_bindings
{

namespace
{

// Lives as long as the process: cppTango builds classes and devices of it again at RestartServer.
ClassDefinition *class_definition = nullptr;

} // namespace

class RustDevice : public cpptango_telemetry::TelemetryDevice<Tango::Device_6Impl>
{
  public:
    RustDevice(Tango::DeviceClass *device_class, const std::string &name) :
        TelemetryDevice(device_class, name),
        access{std::make_shared<DeviceAccess>(*this)},
        rust_half(device_new(*class_definition, telemetry_handle(), name, access.shared))
    {
        init_device();
    }

    ~RustDevice() override
    {
        delete_device();
    }

    void init_device() override
    {
        set_state(Tango::ON);
        throw_if_failed(rust_half->init_device());
    }

    void delete_device() override
    {
        rust_half->delete_device();
    }

    void server_init_hook() override
    {
        throw_if_failed(rust_half->server_init_hook());
    }

    void always_executed_hook() override
    {
        TelemetryDevice::always_executed_hook();
        throw_if_failed(rust_half->always_executed_hook());
    }

    void read_attr_hardware(std::vector<long> &) override
    {
        throw_if_failed(rust_half->read_attr_hardware());
    }

    Tango::DevState dev_state() override
    {
        const auto reply = rust_half->dev_state();
        throw_if_failed(reply.errors);
        const auto state = reply.value.number;
        if(state < Tango::ON || state > Tango::UNKNOWN)
        {
            Tango::Except::throw_exception(
                "API_InvalidArgs", std::to_string(state) + " is no DevState: return one of 0 to 13", "tango_bindings");
        }
        return static_cast<Tango::DevState>(state);
    }

    Tango::ConstDevString dev_status() override
    {
        const auto reply = rust_half->dev_status();
        throw_if_failed(reply.errors);
        // cppTango copies it.
        thread_local std::string text;
        text = std::string(reply.value.text);
        return text.c_str();
    }

    Tango::DevState default_state()
    {
        return TelemetryDevice::dev_state();
    }

    Tango::ConstDevString default_status()
    {
        return TelemetryDevice::dev_status();
    }

  private:
    // Also of a device whose construction fails.
    struct Access final
    {
        ~Access()
        {
            shared->end();
        }

        std::shared_ptr<DeviceAccess> shared;
    };

    Access access;

  public:
    rust::Box<DeviceBody> rust_half;
};

namespace
{

DeviceBody &rust_device(Tango::DeviceImpl *device)
{
    return *static_cast<RustDevice *>(device)->rust_half;
}

class RustCommand : public Tango::Command
{
  public:
    explicit RustCommand(rust::Box<SharedCommand> shared) :
        Command(std::string(shared->name()),
                static_cast<Tango::CmdArgType>(tango_type(shared->argument())),
                static_cast<Tango::CmdArgType>(tango_type(shared->result()))),
        rust_half(std::move(shared))
    {
    }

    CORBA::Any *execute(Tango::DeviceImpl *device, const CORBA::Any &in_any) override
    {
        Tango::DeviceData argument;
        argument.any = new CORBA::Any(in_any);
        auto reply = rust_device(device).execute(*rust_half, from_device_data(argument));
        throw_if_failed(reply.errors);
        return to_device_data(reply.value).any._retn();
    }

    bool is_allowed(Tango::DeviceImpl *device, const CORBA::Any &) override
    {
        return rust_device(device).command_is_allowed(*rust_half);
    }

  private:
    rust::Box<SharedCommand> rust_half;
};

class RustAttribute : public Tango::Attr
{
  public:
    explicit RustAttribute(rust::Box<SharedAttribute> shared) :
        Attr(std::string(shared->name()).c_str(),
             tango_type(shared->kind()),
             shared->is_writable() ? Tango::READ_WRITE : Tango::READ),
        rust_half(std::move(shared))
    {
    }

    void read(Tango::DeviceImpl *device, Tango::Attribute &attribute) override
    {
        auto reply = rust_device(device).read(*rust_half);
        throw_if_failed(reply.errors);
        // cppTango takes the memory.
        switch(reply.value.kind)
        {
        case Kind::Boolean:
            return attribute.set_value(new Tango::DevBoolean(reply.value.boolean), 1, 0, true);
        case Kind::Long:
            return attribute.set_value(new Tango::DevLong(reply.value.number), 1, 0, true);
        case Kind::Double:
            return attribute.set_value(new Tango::DevDouble(reply.value.real), 1, 0, true);
        default:
            return attribute.set_value(
                new Tango::DevString(Tango::string_dup(std::string(reply.value.text))), 1, 0, true);
        }
    }

    void write(Tango::DeviceImpl *device, Tango::WAttribute &attribute) override
    {
        Value value{};
        switch(attribute.get_data_type())
        {
        case Tango::DEV_BOOLEAN:
            value.kind = Kind::Boolean;
            attribute.get_write_value(value.boolean);
            break;
        case Tango::DEV_LONG:
            value.kind = Kind::Long;
            attribute.get_write_value(value.number);
            break;
        case Tango::DEV_DOUBLE:
            value.kind = Kind::Double;
            attribute.get_write_value(value.real);
            break;
        default:
        {
            Tango::DevString text = nullptr;
            value.kind = Kind::String;
            attribute.get_write_value(text);
            value.text = rust::String::lossy(text);
        }
        }
        throw_if_failed(rust_device(device).write(*rust_half, std::move(value)).errors);
    }

    bool is_allowed(Tango::DeviceImpl *device, Tango::AttReqType) override
    {
        return rust_device(device).attribute_is_allowed(*rust_half);
    }

  private:
    rust::Box<SharedAttribute> rust_half;
};

class RustClass : public Tango::DeviceClass
{
  public:
    explicit RustClass(std::string name) :
        DeviceClass(name)
    {
    }

    void command_factory() override
    {
        for(std::size_t index = 0; index < class_definition->command_count(); index++)
        {
            command_list.push_back(new RustCommand(class_definition->command(index)));
        }
    }

    void attribute_factory(std::vector<Tango::Attr *> &attributes) override
    {
        for(std::size_t index = 0; index < class_definition->attribute_count(); index++)
        {
            attributes.push_back(new RustAttribute(class_definition->attribute(index)));
        }
    }

    void device_factory(const Tango::DevVarStringArray *names) override
    {
        for(CORBA::ULong i = 0; i < names->length(); i++)
        {
            const std::string name((*names)[i].in());
            auto *device = new RustDevice(this, name);
            device_list.push_back(device);
            if(Tango::Util::_UseDb && !Tango::Util::_FileDb)
            {
                export_device(device);
            }
            else
            {
                export_device(device, name.c_str());
            }
        }
    }
};

#if CPPTANGO_TELEMETRY_RUNTIME_CONFIGURATION_SUPPORTED

// The admin device has telemetry of its own, and is where cppTango calls initialize_ and cleanup_telemetry_interface.
class RustDServer : public cpptango_telemetry::TelemetryDevice<Tango::DServer>
{
  public:
    using TelemetryDevice::TelemetryDevice;

    void class_factory() override
    {
        add_class(new RustClass(std::string(class_definition->name())));
    }
};

void register_admin_device(Tango::Util &util)
{
    util.register_dserver_constructor(
        [](Tango::DeviceClass *device_class,
           const std::string &name,
           const std::string &description,
           Tango::DevState state,
           const std::string &status) -> Tango::DServer *
        { return new RustDServer(device_class, name.c_str(), description.c_str(), state, status.c_str()); });
}

#else

// The admin device has no telemetry, and cannot be another.
void register_admin_device(Tango::Util &)
{
    Tango::DServer::register_class_factory(
        [](Tango::DServer *server) { server->_add_class(new RustClass(std::string(class_definition->name()))); });
}

#endif

Tango::Util *initialize(const std::vector<std::string> &words, std::vector<char *> &pointers)
{
    try
    {
        return Tango::Util::init(static_cast<int>(pointers.size()), pointers.data());
    }
    catch(const CORBA::INITIALIZE &)
    {
        // What cppTango lets through of the ORB's trouble has no text.
        const auto option = std::find(words.begin(), words.end(), "-ORBendPoint");
        const auto point = option == words.end() || option + 1 == words.end() ? "its end point" : *(option + 1);
        Tango::Except::throw_exception(
            "API_CorbaException", "the ORB cannot listen at " + point + "; is the port in use?", "tango_bindings::run");
    }
}

} // namespace

void DeviceAccess::end() noexcept
{
    const std::unique_lock<std::shared_mutex> lock(mutex);
    device = nullptr;
}

Reply DeviceAccess::with_device(const std::function<void(RustDevice &, Value &)> &use) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            const std::shared_lock<std::shared_mutex> lock(mutex);
            if(device == nullptr)
            {
                Tango::Except::throw_exception("API_DeviceNotFound", "this device is gone", "tango_bindings");
            }
            use(*device, value);
        });
}

void DeviceAccess::log_warn(rust::Str text) const noexcept
{
    with_device(
        [&](RustDevice &its, Value &)
        {
            auto *logging = &its;
            DEV_WARN_STREAM(logging) << std::string(text) << std::endl;
        });
}

// cppTango owns it then, and frees it where the device has the same already. What it refuses, it forgets.
Reply DeviceAccess::add_attribute(rust::Box<SharedAttribute> attribute) const noexcept
{
    return with_device([&](RustDevice &its, Value &) { its.add_attribute(new RustAttribute(std::move(attribute))); });
}

Reply DeviceAccess::remove_attribute(rust::Str name) const noexcept
{
    return with_device([&](RustDevice &its, Value &)
                       { its.remove_attribute(std::string(name), true, Tango::Util::_UseDb); });
}

// The device's own: other devices of the class do not get it.
Reply DeviceAccess::add_command(rust::Box<SharedCommand> command) const noexcept
{
    return with_device([&](RustDevice &its, Value &) { its.add_command(new RustCommand(std::move(command)), true); });
}

Reply DeviceAccess::remove_command(rust::Str name) const noexcept
{
    return with_device([&](RustDevice &its, Value &)
                       { its.remove_command(std::string(name), true, Tango::Util::_UseDb); });
}

// These two are for the device itself, which is there, and may come back to it: no lock.
Reply DeviceAccess::dev_state() const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            value.kind = Kind::Long;
            value.number = device->default_state();
        });
}

Reply DeviceAccess::dev_status() const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            value.kind = Kind::String;
            value.text = rust::String::lossy(device->default_status());
        });
}

Reply run_server(rust::Vec<rust::String> arguments, rust::Box<ClassDefinition> definition) noexcept
{
    return reply_of(
        [&](Value &)
        {
            class_definition = definition.into_raw();
            std::vector<std::string> words;
            std::vector<char *> pointers;
            for(const auto &argument : arguments)
            {
                words.emplace_back(argument);
            }
            for(auto &word : words)
            {
                pointers.push_back(word.data());
            }
            auto *util = initialize(words, pointers);
            register_admin_device(*util);
            util->server_init(false);
            std::cout << "Ready to accept request" << std::endl;
            util->server_run();
        });
}

} // namespace tango_bindings
