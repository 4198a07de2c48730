// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/device_log.h"

#include "cpptango-telemetry/src/bridge.rs.h"
#include "cpptango_telemetry/own_context.h"
#include "cpptango_telemetry/reaper.h"

#include <opentelemetry/logs/logger.h>
#include <opentelemetry/logs/noop.h>
#include <opentelemetry/logs/provider.h>
#include <opentelemetry/trace/span_context.h>

#include <mutex>
#include <utility>

namespace logs = opentelemetry::logs;
namespace nostd = opentelemetry::nostd;
namespace trace = opentelemetry::trace;

namespace cpptango_telemetry
{

namespace
{

// The place that all devices share is ours for a moment.
std::mutex &shared_place()
{
    static std::mutex mutex;
    return mutex;
}

// cppTango's appender flushes the provider that it finds in the shared place when it is destroyed, and leaves none
// there.
template <class Destroy>
void without_flush(const LoggerProvider &afterwards, Destroy &&destroy)
{
    logs::Provider::SetLoggerProvider(LoggerProvider(new logs::NoopLoggerProvider));
    destroy();
    logs::Provider::SetLoggerProvider(afterwards);
}

// Rust's current span, unless cppTango has made one within it that is exported. Not all of Rust's are known to C++: those
// of the user's own are not.
trace::SpanContext span_of_record()
{
    const auto current = current_span();
    const auto on = going_on(current);
    if(on.own || !current.IsValid() || is_attached(current))
    {
        const auto of_rust = current_span_of_rust();
        if(of_rust.known)
        {
            return {trace::TraceId(of_rust.trace_id),
                    trace::SpanId(of_rust.span_id),
                    trace::TraceFlags(of_rust.flags),
                    false};
        }
    }
    return on.span_context;
}

logs::Severity severity(log4tango::Level::Value level)
{
    switch(level)
    {
    case log4tango::Level::FATAL:
        return logs::Severity::kFatal;
    case log4tango::Level::ERROR:
        return logs::Severity::kError;
    case log4tango::Level::WARN:
        return logs::Severity::kWarn;
    case log4tango::Level::INFO:
        return logs::Severity::kInfo;
    case log4tango::Level::DEBUG:
        return logs::Severity::kDebug;
    default:
        return logs::Severity::kInvalid;
    }
}

} // namespace

// What is now, for the threads that log.
struct DeviceLog::Sink
{
    // A null provider exports nothing.
    void set(LoggerProvider fresh)
    {
        nostd::shared_ptr<logs::Logger> fresh_logger;
        if(fresh)
        {
            fresh_logger = fresh->GetLogger("", "cppTango", Tango::git_revision());
        }
        {
            const std::lock_guard<std::mutex> lock(mutex);
            std::swap(provider, fresh);
            std::swap(logger, fresh_logger);
        }
        if(fresh)
        {
            retire(std::make_shared<LoggerProvider>(std::move(fresh)));
        }
    }

    nostd::shared_ptr<logs::Logger> current()
    {
        const std::lock_guard<std::mutex> lock(mutex);
        return logger;
    }

  private:
    std::mutex mutex;
    LoggerProvider provider;
    nostd::shared_ptr<logs::Logger> logger;
};

// Its name is that of cppTango's, so that cppTango takes it off where it would take off its own.
class DeviceLog::Appender final : public log4tango::Appender
{
  public:
    explicit Appender(std::shared_ptr<Sink> sink) :
        log4tango::Appender(Tango::telemetry::kTelemetryLogAppenderName),
        sink(std::move(sink))
    {
    }

    bool requires_layout() const override
    {
        return false;
    }

    void set_layout(log4tango::Layout *) override { }

    void close() override { }

  protected:
    int _append(const log4tango::LoggingEvent &event) override
    {
        const auto logger = sink->current();
        if(!logger)
        {
            return 0;
        }
        auto record = logger->CreateLogRecord();
        if(!record)
        {
            return 0;
        }
        const auto span = span_of_record();
        record->SetSeverity(severity(event.level));
        record->SetBody(nostd::string_view(event.message));
        record->SetTraceId(span.trace_id());
        record->SetSpanId(span.span_id());
        record->SetTraceFlags(span.trace_flags());
        record->SetTimestamp(event.timestamp);
        record->SetAttribute("code.filepath", nostd::string_view(event.file_path));
        record->SetAttribute("code.lineno", event.line_number);
        logger->EmitLogRecord(std::move(record));
        return 0;
    }

  private:
    std::shared_ptr<Sink> sink;
};

DeviceLog::DeviceLog() :
    sink(std::make_shared<Sink>())
{
}

DeviceLog::~DeviceLog()
{
    sink->set({});
}

void DeviceLog::take_over(Tango::DeviceImpl &device, const LoggerProvider &shared)
{
    const std::lock_guard<std::mutex> lock(shared_place());
    const auto made = logs::Provider::GetLoggerProvider();
    followed = device.telemetry()->get_configuration();
    const bool exports = exports_logs(followed);
    if(exports && made.get() == shared.get())
    {
        // The shared place is not cppTango's (in a Rust cdylib): its appender stays.
        return;
    }
    auto *logger = device.get_logger();
    without_flush(shared, [&] { logger->remove_appender(Tango::telemetry::kTelemetryLogAppenderName); });
    logger->add_appender(new Appender(sink));
    sink->set(exports ? made : LoggerProvider());
}

void DeviceLog::follow(Tango::telemetry::Interface &interface)
{
    const auto &configuration = interface.get_configuration();
    if(same_logging(configuration, followed))
    {
        return;
    }
    LoggerProvider made;
    if(exports_logs(configuration))
    {
        const std::lock_guard<std::mutex> lock(shared_place());
        const auto shared = logs::Provider::GetLoggerProvider();
        std::unique_ptr<log4tango::Appender> maker(interface.get_appender());
        made = logs::Provider::GetLoggerProvider();
        without_flush(shared, [&] { maker.reset(); });
    }
    sink->set(std::move(made));
    followed = configuration;
}

} // namespace cpptango_telemetry
