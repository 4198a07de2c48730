// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The names in a request, as text. cppTango puts them into its spans as they came, whatever bytes they have, and a
// collector refuses the whole batch with one that is no UTF-8.
#pragma once

#include "cpptango_telemetry/cpptango.h"

#include <optional>
#include <string>

namespace cpptango_telemetry
{

// Each function returns what it is given if that is UTF-8. Else a copy in which the wrong bytes are replaced, which
// lives as long as this; no command and no attribute has such a name.
class Utf8 final
{
  public:
    const char *text(const char *given);
    const Tango::DevVarStringArray &names(const Tango::DevVarStringArray &given);
    const Tango::AttributeValueList_4 &names(const Tango::AttributeValueList_4 &given);

  private:
    std::string mended_text;
    std::optional<Tango::DevVarStringArray> mended_names;
    std::optional<Tango::AttributeValueList_4> mended_values;
};

} // namespace cpptango_telemetry
