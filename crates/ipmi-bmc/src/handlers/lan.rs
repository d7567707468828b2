//! LAN and SOL configuration parameters, and what has gone over the LAN. IPMI v2.0 §23 and §26.

use ipmi_wire::cmd::transport::{
    BmcArps, GetIpUdpRmcpStatistics, GetLanConfigurationParameters, GetSolConfigurationParameters,
    IpUdpRmcpStatistics, LanConfigurationParameters, SetLanConfigurationParameters,
    SetSolConfigurationParameters, SolConfigurationParameters, SuspendBmcArps,
};

use super::session::lan_channel;
use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};
use crate::lan::{Holder, Statistics};

pub(super) fn register(table: &mut Table) {
    table
        .on(set_lan_configuration_parameters)
        .on(get_lan_configuration_parameters)
        .on(suspend_bmc_arps)
        .on(get_ip_udp_rmcp_statistics)
        .on(set_sol_configuration_parameters)
        .on(get_sol_configuration_parameters);
}

fn set_lan_configuration_parameters(
    bmc: &mut Bmc,
    context: &Context,
    request: SetLanConfigurationParameters,
) -> Outcome<()> {
    lan_channel(context, request.channel)?;
    let by = holder(bmc, context);
    if bmc.lan_config.set(context.now, by, request.parameter, &mut bmc.journal)? {
        let before = (bmc.lan.suites.clone(), bmc.lan.auth_enables, bmc.lan.ipmi15.clone());
        bmc.lan_config.enforce(&mut bmc.lan);
        // Sessions that are open are held to what holds now, too.
        if before != (bmc.lan.suites.clone(), bmc.lan.auth_enables, bmc.lan.ipmi15.clone()) {
            bmc.restrict_sessions(None, context.origin.session_id());
        }
    }
    Ok(())
}

fn get_lan_configuration_parameters(
    bmc: &mut Bmc,
    context: &Context,
    request: GetLanConfigurationParameters,
) -> Outcome<LanConfigurationParameters> {
    lan_channel(context, request.channel)?;
    let by = holder(bmc, context);
    let GetLanConfigurationParameters { selector, set, block, .. } = request;
    let parameter = bmc.lan_config.get(by, selector, set, block)?;
    Ok(LanConfigurationParameters {
        revision: LanConfigurationParameters::REVISION,
        parameter: (!request.revision_only).then_some(parameter),
    })
}

fn suspend_bmc_arps(bmc: &mut Bmc, context: &Context, request: SuspendBmcArps) -> Outcome<BmcArps> {
    lan_channel(context, request.channel)?;
    Ok(BmcArps { occurring: bmc.lan_config.suspend_arps(request.suspend) })
}

/// The counters are told as they were before they are cleared, so that nothing is missing from two
/// answers.
fn get_ip_udp_rmcp_statistics(
    bmc: &mut Bmc,
    context: &Context,
    request: GetIpUdpRmcpStatistics,
) -> Outcome<IpUdpRmcpStatistics> {
    lan_channel(context, request.channel)?;
    let statistics = bmc.statistics.get();
    if request.clear {
        bmc.statistics = Statistics::default();
    }
    Ok(statistics)
}

fn set_sol_configuration_parameters(
    bmc: &mut Bmc,
    context: &Context,
    request: SetSolConfigurationParameters,
) -> Outcome<()> {
    lan_channel(context, request.channel)?;
    let by = holder(bmc, context);
    bmc.sol_config.set(context.now, by, request.parameter, &mut bmc.journal)?;
    if !bmc.sol_config.is_enabled()
        && let Some(port) = &mut bmc.serial
    {
        port.deactivate_all(context.now, &mut bmc.sessions, true);
    }
    Ok(())
}

fn get_sol_configuration_parameters(
    bmc: &mut Bmc,
    context: &Context,
    request: GetSolConfigurationParameters,
) -> Outcome<SolConfigurationParameters> {
    lan_channel(context, request.channel)?;
    let by = holder(bmc, context);
    let parameter = bmc.sol_config.get(by, request.selector)?;
    Ok(SolConfigurationParameters {
        revision: SolConfigurationParameters::REVISION,
        parameter: (!request.revision_only).then_some(parameter),
    })
}

/// Who asks, once what nobody completes any more is forgotten.
fn holder(bmc: &mut Bmc, context: &Context) -> Holder {
    let sessions = &bmc.sessions;
    let is_open = |id| sessions.get(id).is_some_and(|session| !session.is_closing());
    bmc.lan_config.expire(context.now, is_open);
    bmc.sol_config.expire(context.now, is_open);
    let by = Holder::of(&context.origin);
    bmc.lan_config.prolong(context.now, by);
    bmc.sol_config.prolong(context.now, by);
    by
}
