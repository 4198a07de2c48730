// SPDX-License-Identifier: MIT OR Apache-2.0
//
// How a C++ exception becomes the `Err` of a bridge function: cxx calls `rust::behavior::trycatch` around each function
// that returns a `Result`. Its own version knows std::exception only, and Tango::DevFailed is none.
#pragma once

#include "cpptango_telemetry/cpptango.h"

#include <exception>
#include <string>

namespace rust::behavior
{

template <typename Try, typename Fail>
static void trycatch(Try &&func, Fail &&fail) noexcept
{
    try
    {
        func();
    }
    catch(const Tango::DevFailed &error)
    {
        std::string text;
        for(CORBA::ULong i = 0; i < error.errors.length(); i++)
        {
            text += (i == 0 ? "" : "; ");
            text += std::string(error.errors[i].reason.in()) + ": " + error.errors[i].desc.in();
        }
        fail(text);
    }
    catch(const CORBA::Exception &error)
    {
        fail(std::string("CORBA::") + error._name());
    }
    catch(const std::exception &error)
    {
        fail(error.what());
    }
    catch(...)
    {
        fail("unknown C++ exception");
    }
}

} // namespace rust::behavior
