// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/propagator.h"

#include "cpptango_telemetry/own_context.h"
#include "cpptango_telemetry/owned_interface.h"
#include "cpptango_telemetry/request_gate.h"
#include "cpptango_telemetry/w3c_headers.h"

#include <opentelemetry/context/propagation/global_propagator.h>
#include <opentelemetry/context/propagation/text_map_propagator.h>

#include <utility>

namespace context = opentelemetry::context;
namespace propagation = opentelemetry::context::propagation;
namespace nostd = opentelemetry::nostd;

namespace cpptango_telemetry
{

namespace
{

class Propagator final : public propagation::TextMapPropagator
{
  public:
    explicit Propagator(nostd::shared_ptr<TextMapPropagator> inner) :
        inner(std::move(inner))
    {
    }

    context::Context Extract(const propagation::TextMapCarrier &carrier, context::Context &context) noexcept override
    {
        RequestGate::passed();
        return inner->Extract(carrier, context);
    }

    void Inject(propagation::TextMapCarrier &carrier, const context::Context &context) noexcept override
    {
        const auto on = going_on(span_of(context));
        if(on.own)
        {
            // cppTango 10.0 asks where telemetry is disabled, too.
            if(current_interface_is_enabled())
            {
                write_headers(carrier, on.span_context);
            }
        }
        else
        {
            inner->Inject(carrier, context);
        }
    }

    bool Fields(nostd::function_ref<bool(nostd::string_view)> callback) const noexcept override
    {
        return inner->Fields(callback);
    }

  private:
    nostd::shared_ptr<TextMapPropagator> inner;
};

} // namespace

void install_propagator()
{
    auto inner = propagation::GlobalTextMapPropagator::GetGlobalPropagator();
    propagation::GlobalTextMapPropagator::SetGlobalPropagator(
        nostd::shared_ptr<propagation::TextMapPropagator>(new Propagator(std::move(inner))));
}

} // namespace cpptango_telemetry
