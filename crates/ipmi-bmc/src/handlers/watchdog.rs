//! The watchdog timer. IPMI v2.0 §27.

use ipmi_wire::cmd::app::{GetWatchdogTimer, ResetWatchdogTimer, SetWatchdogTimer, WatchdogTimer};
use ipmi_wire::cmd::sensor::EventDataBytes;

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table.on(reset_watchdog_timer).on(set_watchdog_timer).on(get_watchdog_timer);
}

fn reset_watchdog_timer(bmc: &mut Bmc, context: &Context, _: ResetWatchdogTimer) -> Outcome<()> {
    bmc.watchdog.wind(context.now)?;
    bmc.report_watchdog(context.now, Some(EventDataBytes::Own));
    Ok(())
}

fn set_watchdog_timer(bmc: &mut Bmc, context: &Context, request: SetWatchdogTimer) -> Outcome<()> {
    bmc.watchdog.set(context.now, &request)?;
    // §27.6: running on or not.
    bmc.messages.calm();
    bmc.report_watchdog(context.now, Some(EventDataBytes::Own));
    Ok(())
}

fn get_watchdog_timer(
    bmc: &mut Bmc,
    context: &Context,
    _: GetWatchdogTimer,
) -> Outcome<WatchdogTimer> {
    Ok(bmc.watchdog.get(context.now))
}
