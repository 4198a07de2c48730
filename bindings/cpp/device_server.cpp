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

class RustDevice : public cpptango_telemetry::TelemetryDevice<Tango::Device_6Impl>
{
  public:
    RustDevice(Tango::DeviceClass *device_class, const std::string &name) :
        TelemetryDevice(device_class, name),
        rust_half(device_new(*class_definition, telemetry_handle(), name))
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

    void always_executed_hook() override
    {
        TelemetryDevice::always_executed_hook();
        throw_if_failed(rust_half->always_executed_hook());
    }

    void read_attr_hardware(std::vector<long> &) override
    {
        throw_if_failed(rust_half->read_attr_hardware());
    }

    rust::Box<DeviceBody> rust_half;
};

DeviceBody &rust_device(Tango::DeviceImpl *device)
{
    return *static_cast<RustDevice *>(device)->rust_half;
}

class RustCommand : public Tango::Command
{
  public:
    RustCommand(const CommandInfo &info, std::size_t index) :
        Command(std::string(info.name).c_str(),
                static_cast<Tango::CmdArgType>(tango_type(info.argument)),
                static_cast<Tango::CmdArgType>(tango_type(info.result))),
        index(index)
    {
    }

    CORBA::Any *execute(Tango::DeviceImpl *device, const CORBA::Any &in_any) override
    {
        Tango::DeviceData argument;
        argument.any = new CORBA::Any(in_any);
        auto reply = rust_device(device).execute(index, from_device_data(argument));
        throw_if_failed(reply.errors);
        return to_device_data(reply.value).any._retn();
    }

    bool is_allowed(Tango::DeviceImpl *device, const CORBA::Any &) override
    {
        return rust_device(device).command_is_allowed(index);
    }

  private:
    std::size_t index;
};

class RustAttribute : public Tango::Attr
{
  public:
    RustAttribute(const AttributeInfo &info, std::size_t index) :
        Attr(std::string(info.name).c_str(), tango_type(info.kind), info.writable ? Tango::READ_WRITE : Tango::READ),
        index(index)
    {
    }

    void read(Tango::DeviceImpl *device, Tango::Attribute &attribute) override
    {
        auto reply = rust_device(device).read(index);
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
        throw_if_failed(rust_device(device).write(index, std::move(value)).errors);
    }

    bool is_allowed(Tango::DeviceImpl *device, Tango::AttReqType) override
    {
        return rust_device(device).attribute_is_allowed(index);
    }

  private:
    std::size_t index;
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
        std::size_t index = 0;
        for(const auto &info : class_definition->commands())
        {
            command_list.push_back(new RustCommand(info, index++));
        }
    }

    void attribute_factory(std::vector<Tango::Attr *> &attributes) override
    {
        std::size_t index = 0;
        for(const auto &info : class_definition->attributes())
        {
            attributes.push_back(new RustAttribute(info, index++));
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

void log_warn(rust::Str device, rust::Str text) noexcept
{
    // The device that logs may be in its construction, where nobody knows it yet: its log is lost then.
    reply_of(
        [&](Value &)
        {
            auto *logged = Tango::Util::instance()->get_device_by_name(std::string(device));
            DEV_WARN_STREAM(logged) << std::string(text) << std::endl;
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
            util->register_dserver_constructor(
                [](Tango::DeviceClass *device_class,
                   const std::string &name,
                   const std::string &description,
                   Tango::DevState state,
                   const std::string &status) -> Tango::DServer *
                { return new RustDServer(device_class, name.c_str(), description.c_str(), state, status.c_str()); });
            util->server_init(false);
            std::cout << "Ready to accept request" << std::endl;
            util->server_run();
        });
}

} // namespace tango_bindings
