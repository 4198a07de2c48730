// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/admin_commands.h"

#include <cctype>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string.h>
#include <strings.h>
#include <vector>

namespace cpptango_telemetry
{

namespace
{

// The words of a comma list, in lower case.
void add_words(const std::string &list, std::vector<std::string> &words)
{
    std::istringstream stream(list);
    for(std::string item; std::getline(stream, item, ',');)
    {
        std::string word;
        for(const unsigned char c : item)
        {
            word += static_cast<char>(std::tolower(c));
        }
        const auto blank = " \t\r\n";
        word.erase(0, word.find_first_not_of(blank));
        word.erase(word.find_last_not_of(blank) + 1);
        if(!word.empty())
        {
            words.push_back(word);
        }
    }
}

// Of the whole process: a command may be about many devices.
std::recursive_timed_mutex &running()
{
    static auto *mutex = new std::recursive_timed_mutex;
    return *mutex;
}

} // namespace

TelemetryCommand::TelemetryCommand(const char *name)
{
    if(strcasestr(name, "telemetry") == nullptr)
    {
        return;
    }
    lock = std::unique_lock<std::recursive_timed_mutex>(running());
    if(Tango::Util::instance()->is_svr_shutting_down())
    {
        Tango::Except::throw_exception(
            "API_TelemetryError", "the server is shutting down: nothing was changed; try again when it is back", name);
    }
}

void TelemetryCommand::wait() noexcept
{
    const std::unique_lock<std::recursive_timed_mutex> lock(running(), std::chrono::seconds(2));
}

std::unique_ptr<CORBA::Any> normalized_arguments(const char *command, const CORBA::Any &arguments)
{
    const Tango::DevVarStringArray *given = nullptr;
    if(strcasecmp(command, "SetTelemetryTopics") != 0 || !(arguments >>= given))
    {
        return nullptr;
    }
    // DEVICE, N, N topics, and again.
    std::vector<std::string> normalized;
    for(CORBA::ULong i = 0; i < given->length();)
    {
        char *end = nullptr;
        const auto count = i + 1 < given->length() ? std::strtoul((*given)[i + 1].in(), &end, 10) : 0;
        if(end == nullptr || end == (*given)[i + 1].in() || *end != 0 || count > given->length() - i - 2)
        {
            // cppTango says what is wrong.
            return nullptr;
        }
        std::vector<std::string> topics;
        for(CORBA::ULong topic = 0; topic < count; topic++)
        {
            add_words((*given)[i + 2 + topic].in(), topics);
        }
        normalized.emplace_back((*given)[i].in());
        normalized.push_back(std::to_string(topics.size()));
        normalized.insert(normalized.end(), topics.begin(), topics.end());
        i += 2 + static_cast<CORBA::ULong>(count);
    }
    Tango::DevVarStringArray array;
    array.length(static_cast<CORBA::ULong>(normalized.size()));
    for(CORBA::ULong i = 0; i < array.length(); i++)
    {
        array[i] = Tango::string_dup(normalized[i]);
    }
    auto any = std::make_unique<CORBA::Any>();
    *any <<= array;
    return any;
}

} // namespace cpptango_telemetry
