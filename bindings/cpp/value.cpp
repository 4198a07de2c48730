// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tango_bindings/value.h"

#include "tango-bindings/src/bridge.rs.h"

namespace tango_bindings
{

namespace
{

[[noreturn]] void unsupported(int type)
{
    Tango::Except::throw_exception("API_NotSupportedFeature",
                                   "these bindings do not know the type " +
                                       std::string(type >= 0 && type < Tango::DATA_TYPE_UNKNOWN ? Tango::CmdArgTypeName[type] : "?"),
                                   "tango_bindings");
}

void add_all(rust::Vec<rust::String> &to, const std::vector<std::string> &strings)
{
    for(const auto &text : strings)
    {
        to.push_back(rust::String::lossy(text));
    }
}

// What DeviceData and DeviceAttribute have in common.
template <class Data>
bool insert_scalar(Data &data, const Value &value)
{
    switch(value.kind)
    {
    case Kind::Boolean:
        data << value.boolean;
        return true;
    case Kind::Long:
        data << static_cast<Tango::DevLong>(value.number);
        return true;
    case Kind::Double:
        data << value.real;
        return true;
    case Kind::String:
    {
        std::string text(value.text);
        data << text;
        return true;
    }
    default:
        return false;
    }
}

template <class Data>
bool extract_scalar(Data &data, int type, Value &value)
{
    switch(type)
    {
    case Tango::DEV_BOOLEAN:
        value.kind = Kind::Boolean;
        return data >> value.boolean;
    case Tango::DEV_LONG:
        value.kind = Kind::Long;
        return data >> value.number;
    case Tango::DEV_DOUBLE:
        value.kind = Kind::Double;
        return data >> value.real;
    case Tango::DEV_STRING:
    {
        std::string text;
        value.kind = Kind::String;
        const bool there = data >> text;
        value.text = rust::String::lossy(text);
        return there;
    }
    default:
        return false;
    }
}

} // namespace

Tango::DeviceData to_device_data(const Value &value)
{
    Tango::DeviceData data;
    if(insert_scalar(data, value))
    {
        return data;
    }
    auto strings = to_vector(value.strings);
    if(value.kind == Kind::StringArray)
    {
        data << strings;
    }
    else if(value.kind == Kind::LongStringArray)
    {
        data.insert(std::vector<Tango::DevLong>(value.numbers.begin(), value.numbers.end()), strings);
    }
    return data;
}

Value from_device_data(Tango::DeviceData &data)
{
    Value value{};
    data.reset_exceptions(Tango::DeviceData::isempty_flag);
    if(data.is_empty())
    {
        return value;
    }
    const int type = data.get_type();
    std::vector<std::string> strings;
    if(type == Tango::DEVVAR_STRINGARRAY)
    {
        value.kind = Kind::StringArray;
        data >> strings;
    }
    else if(type == Tango::DEVVAR_LONGSTRINGARRAY)
    {
        std::vector<Tango::DevLong> numbers;
        value.kind = Kind::LongStringArray;
        data.extract(numbers, strings);
        std::copy(numbers.begin(), numbers.end(), std::back_inserter(value.numbers));
    }
    else if(type != Tango::DEV_VOID && !extract_scalar(data, type, value))
    {
        unsupported(type);
    }
    add_all(value.strings, strings);
    return value;
}

Tango::DeviceAttribute to_device_attribute(const std::string &name, const Value &value)
{
    Tango::DeviceAttribute attribute;
    attribute.set_name(name);
    if(!insert_scalar(attribute, value))
    {
        unsupported(static_cast<int>(tango_type(value.kind)));
    }
    return attribute;
}

Value from_device_attribute(Tango::DeviceAttribute &attribute)
{
    if(attribute.has_failed())
    {
        throw Tango::DevFailed(attribute.get_err_stack());
    }
    Value value{};
    const int type = attribute.get_type();
    if(!extract_scalar(attribute, type, value))
    {
        unsupported(type);
    }
    return value;
}

long tango_type(Kind kind)
{
    switch(kind)
    {
    case Kind::Boolean:
        return Tango::DEV_BOOLEAN;
    case Kind::Long:
        return Tango::DEV_LONG;
    case Kind::Double:
        return Tango::DEV_DOUBLE;
    case Kind::String:
        return Tango::DEV_STRING;
    case Kind::StringArray:
        return Tango::DEVVAR_STRINGARRAY;
    case Kind::LongStringArray:
        return Tango::DEVVAR_LONGSTRINGARRAY;
    default:
        return Tango::DEV_VOID;
    }
}

std::vector<std::string> to_vector(const rust::Vec<rust::String> &strings)
{
    std::vector<std::string> vector;
    for(const auto &text : strings)
    {
        vector.emplace_back(text);
    }
    return vector;
}

Value from_vector(const std::vector<std::string> &strings)
{
    Value value{};
    value.kind = Kind::StringArray;
    add_all(value.strings, strings);
    return value;
}

Value from_number(long number)
{
    Value value{};
    value.kind = Kind::Long;
    value.number = static_cast<std::int32_t>(number);
    return value;
}

Tango::DbData to_property(rust::Str name, const Value &value)
{
    Tango::DbDatum property{std::string(name)};
    property << to_vector(value.strings);
    return {property};
}

Value from_property(const Tango::DbData &property)
{
    return from_vector(property.at(0).value_string);
}

Reply reply_of(const std::function<void(Value &)> &body) noexcept
{
    Reply reply{};
    try
    {
        body(reply.value);
    }
    catch(const Tango::DevFailed &failed)
    {
        for(CORBA::ULong i = 0; i < failed.errors.length(); i++)
        {
            const auto &error = failed.errors[i];
            reply.errors.push_back({rust::String::lossy(error.reason.in()),
                                    rust::String::lossy(error.desc.in()),
                                    rust::String::lossy(error.origin.in())});
        }
        if(reply.errors.empty())
        {
            reply.errors.push_back({"API_InternalError", "a DevFailed without errors", "tango_bindings"});
        }
    }
    catch(const CORBA::Exception &error)
    {
        reply.errors.push_back({"API_CorbaException", error._name(), "tango_bindings"});
    }
    catch(const std::exception &error)
    {
        reply.errors.push_back({"API_InternalError", rust::String::lossy(error.what()), "tango_bindings"});
    }
    catch(...)
    {
        // omniORB and omnithread have exceptions of their own.
        reply.errors.push_back({"API_InternalError", "unknown C++ exception", "tango_bindings"});
    }
    return reply;
}

void throw_if_failed(const rust::Vec<DevError> &errors)
{
    if(errors.empty())
    {
        return;
    }
    Tango::DevErrorList list;
    list.length(static_cast<CORBA::ULong>(errors.size()));
    for(std::size_t i = 0; i < errors.size(); i++)
    {
        auto &error = list[static_cast<CORBA::ULong>(i)];
        error.severity = Tango::ERR;
        error.reason = Tango::string_dup(std::string(errors[i].reason));
        error.desc = Tango::string_dup(std::string(errors[i].desc));
        error.origin = Tango::string_dup(std::string(errors[i].origin));
    }
    throw Tango::DevFailed(list);
}

} // namespace tango_bindings
