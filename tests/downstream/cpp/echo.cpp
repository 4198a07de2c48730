// SPDX-License-Identifier: MIT OR Apache-2.0
//
// One device class with one command and one attribute, and a client of it. C++14, for cppTango 9.3.
#include "cpptango-telemetry-downstream/cpp/echo.h"

#include "cpptango-telemetry-downstream/src/main.rs.h"

#include <cpptango_telemetry/telemetry_device.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace
{

class Echo : public cpptango_telemetry::TelemetryDevice<TANGO_BASE_CLASS>
{
  public:
    // cppTango 9.3 itself takes no const name.
    Echo(Tango::DeviceClass *device_class, const std::string &name) :
        TelemetryDevice(device_class, name),
        body(new_body(telemetry_handle()))
    {
        init_device();
    }

    void init_device() override
    {
        set_state(Tango::ON);
    }

    rust::Box<Body> body;
};

Echo &its(Tango::DeviceImpl *device)
{
    return *static_cast<Echo *>(device);
}

class EchoCommand : public Tango::Command
{
  public:
    EchoCommand() :
        Command("Echo", Tango::DEV_LONG, Tango::DEV_LONG)
    {
    }

    CORBA::Any *execute(Tango::DeviceImpl *device, const CORBA::Any &argument) override
    {
        Tango::DevLong number = 0;
        extract(argument, number);
        return insert(static_cast<Tango::DevLong>(its(device).body->echo(number)));
    }
};

class AnswerAttribute : public Tango::Attr
{
  public:
    AnswerAttribute() :
        Attr("answer", Tango::DEV_LONG, Tango::READ)
    {
    }

    void read(Tango::DeviceImpl *device, Tango::Attribute &attribute) override
    {
        // cppTango takes it over.
        attribute.set_value(new Tango::DevLong(its(device).body->answer()), 1, 0, true);
    }
};

class EchoClass : public Tango::DeviceClass
{
  public:
    explicit EchoClass(std::string name) :
        DeviceClass(name)
    {
    }

    void command_factory() override
    {
        command_list.push_back(new EchoCommand());
    }

    void attribute_factory(std::vector<Tango::Attr *> &attributes) override
    {
        attributes.push_back(new AnswerAttribute());
    }

    void device_factory(const Tango::DevVarStringArray *names) override
    {
        for(CORBA::ULong i = 0; i < names->length(); ++i)
        {
            device_list.push_back(new Echo(this, std::string((*names)[i])));
            export_device(device_list.back(), (*names)[i]);
        }
    }
};

// How a server says which classes it has.
#define VIRTUAL_CLASS_FACTORY \
    (TANGO_VERSION_MAJOR > 10 || (TANGO_VERSION_MAJOR == 10 && TANGO_VERSION_MINOR >= 3))
#if VIRTUAL_CLASS_FACTORY
class EchoServer : public Tango::DServer
{
  public:
    using DServer::DServer;

    void class_factory() override
    {
        add_class(new EchoClass("Echo"));
    }
};

void register_class(Tango::Util &util)
{
    util.register_dserver_constructor(
        [](Tango::DeviceClass *device_class,
           const std::string &name,
           const std::string &description,
           Tango::DevState state,
           const std::string &status) -> Tango::DServer *
        { return new EchoServer(device_class, name.c_str(), description.c_str(), state, status.c_str()); });
}
#else
void register_class(Tango::Util &)
{
    // Tango::DServer::class_factory, below.
}
#endif

template <class Function>
auto checked(Function &&function) -> decltype(function())
{
    try
    {
        return function();
    }
    catch(const Tango::DevFailed &failed)
    {
        throw std::runtime_error(std::string(failed.errors[0].reason) + ": " + std::string(failed.errors[0].desc));
    }
}

} // namespace

#if !VIRTUAL_CLASS_FACTORY
void Tango::DServer::class_factory()
{
    add_class(new EchoClass("Echo"));
}
#endif

void serve(rust::Vec<rust::String> arguments)
{
    std::vector<std::string> words;
    for(const auto &argument : arguments)
    {
        words.emplace_back(std::string(argument));
    }
    std::vector<char *> pointers;
    for(auto &word : words)
    {
        pointers.push_back(&word[0]);
    }
    checked(
        [&]
        {
            auto *util = Tango::Util::init(static_cast<int>(pointers.size()), pointers.data());
            register_class(*util);
            util->server_init();
            std::cout << "Ready to accept request" << std::endl;
            util->server_run();
            util->server_cleanup();
        });
}

std::int32_t call_echo(rust::Str device, std::int32_t number)
{
    return checked(
        [&]
        {
            Tango::DeviceProxy proxy(std::string(device).c_str());
            Tango::DeviceData argument;
            argument << static_cast<Tango::DevLong>(number);
            Tango::DevLong result = 0;
            proxy.command_inout("Echo", argument) >> result;
            return result;
        });
}

std::int32_t read_answer(rust::Str device)
{
    return checked(
        [&]
        {
            Tango::DeviceProxy proxy(std::string(device).c_str());
            Tango::DevLong value = 0;
            proxy.read_attribute("answer") >> value;
            return value;
        });
}
