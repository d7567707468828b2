//! Platform Event Filtering. IPMI v2.0 §30.
//!
//! Nobody is alerted: there is no Alert Immediate, and nothing that PET Acknowledge could be about.

use ipmi_wire::cmd::sensor::{
    ArmPefPostponeTimer, GetLastProcessedEventId, GetPefCapabilities,
    GetPefConfigurationParameters, LastProcessedEventId, PefCapabilities,
    PefConfigurationParameters, PefPostponeTimer, SetLastProcessedEventId,
    SetPefConfigurationParameters,
};
use ipmi_wire::sel::Timestamp;

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};
use crate::lan::Holder;
use crate::pef::{ACTIONS, FILTERS, Processed};

pub(super) fn register(table: &mut Table) {
    table
        .on(get_pef_capabilities)
        .on(arm_pef_postpone_timer)
        .on(set_pef_configuration_parameters)
        .on(get_pef_configuration_parameters)
        .on(set_last_processed_event_id)
        .on(get_last_processed_event_id);
}

fn get_pef_capabilities(
    _: &mut Bmc,
    _: &Context,
    _: GetPefCapabilities,
) -> Outcome<PefCapabilities> {
    Ok(PefCapabilities {
        version: PefCapabilities::VERSION,
        actions: ACTIONS,
        oem_records: false,
        filters: FILTERS,
    })
}

fn arm_pef_postpone_timer(
    bmc: &mut Bmc,
    context: &Context,
    request: ArmPefPostponeTimer,
) -> Outcome<PefPostponeTimer> {
    Ok(PefPostponeTimer { present: bmc.pef.postpone(context.now, request) })
}

fn set_pef_configuration_parameters(
    bmc: &mut Bmc,
    context: &Context,
    request: SetPefConfigurationParameters,
) -> Outcome<()> {
    let by = holder(bmc, context);
    bmc.pef.set(context.now, by, &request.parameter, &mut bmc.journal)
}

fn get_pef_configuration_parameters(
    bmc: &mut Bmc,
    context: &Context,
    request: GetPefConfigurationParameters,
) -> Outcome<PefConfigurationParameters> {
    let by = holder(bmc, context);
    let GetPefConfigurationParameters { selector, set, block, revision_only } = request;
    let revision = PefConfigurationParameters::REVISION;
    let parameter = match revision_only {
        // Of any of a set: no number is asked for.
        true => bmc.pef.get(by, selector, 1, 1).map(|_| None)?,
        false => Some(bmc.pef.get(by, selector, set, block)?),
    };
    Ok(PefConfigurationParameters { revision, parameter })
}

fn set_last_processed_event_id(
    bmc: &mut Bmc,
    _: &Context,
    request: SetLastProcessedEventId,
) -> Outcome<()> {
    let SetLastProcessedEventId { by_bmc, record_id } = request;
    let processed = match by_bmc {
        true => Processed { by_bmc: record_id, ..bmc.pef.processed },
        false => Processed { by_software: record_id, ..bmc.pef.processed },
    };
    let sel = &bmc.sel;
    bmc.pef.set_processed(processed, record_id, |id| sel.place_of(id), &mut bmc.journal);
    Ok(())
}

fn get_last_processed_event_id(
    bmc: &mut Bmc,
    _: &Context,
    _: GetLastProcessedEventId,
) -> Outcome<LastProcessedEventId> {
    let [last_addition, _] = bmc.sel.times();
    let last = bmc.sel.records().next_back();
    let Processed { by_software, by_bmc } = bmc.pef.processed;
    Ok(LastProcessedEventId {
        last_addition: Timestamp::new(last_addition),
        last_record: last.map_or(LastProcessedEventId::EMPTY, |record| record.id()),
        by_software,
        by_bmc,
    })
}

/// Who asks, once what nobody completes any more is forgotten.
fn holder(bmc: &mut Bmc, context: &Context) -> Holder {
    let sessions = &bmc.sessions;
    let is_open = |id| sessions.get(id).is_some_and(|session| !session.is_closing());
    let by = Holder::of(&context.origin);
    bmc.pef.expire(context.now, by, is_open);
    by
}
