// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/utf8.h"

#include "rust/cxx.h"

#include <algorithm>
#include <cstring>

namespace cpptango_telemetry
{

namespace
{

// None where `given` is UTF-8.
std::optional<std::string> mended(const char *given)
{
    const auto length = std::strlen(given);
    if(std::none_of(given, given + length, [](char byte) { return (static_cast<unsigned char>(byte) & 0x80) != 0; }))
    {
        return std::nullopt;
    }
    std::string lossy(rust::String::lossy(given, length));
    return lossy == given ? std::nullopt : std::optional(std::move(lossy));
}

} // namespace

const char *Utf8::text(const char *given)
{
    auto text = mended(given);
    if(!text)
    {
        return given;
    }
    mended_text = std::move(*text);
    return mended_text.c_str();
}

const Tango::DevVarStringArray &Utf8::names(const Tango::DevVarStringArray &given)
{
    for(CORBA::ULong i = 0; i < given.length(); i++)
    {
        if(const auto name = mended(given[i].in()))
        {
            if(!mended_names)
            {
                mended_names = given;
            }
            (*mended_names)[i] = name->c_str();
        }
    }
    return mended_names ? *mended_names : given;
}

const Tango::AttributeValueList_4 &Utf8::names(const Tango::AttributeValueList_4 &given)
{
    for(CORBA::ULong i = 0; i < given.length(); i++)
    {
        if(const auto name = mended(given[i].name.in()))
        {
            if(!mended_values)
            {
                mended_values = given;
            }
            (*mended_values)[i].name = name->c_str();
        }
    }
    return mended_values ? *mended_values : given;
}

} // namespace cpptango_telemetry
