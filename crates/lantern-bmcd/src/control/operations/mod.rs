//! What is done to a BMC, operation by operation.

mod console;
mod faults;
mod log;
mod machine;
mod sensors;

use std::time::Instant;

use ipmi_bmc::Bmc;
use ipmi_bmc::inspect::SessionView;
use ipmi_bmc::platform::IdentifyLight;
use ipmi_session::{Quirk, Quirks};
use ipmi_wire::cmd::chassis::{PowerRestorePolicy, RestartCause};
use serde::Serialize;

use super::protocol::{Code, Operation, QuirkSet, Refusal, SessionEnd};
use super::reply::{
    BmcInfo, Bmcs, QuirkNames, SessionInfo, SessionsInfo, Status, SystemInterfaceInfo,
};
use super::router::{Outcome, Router, Target};
use crate::server::tell;
use crate::system_interface::Guest;

pub(super) use log::{entry, names};

/// Carries out an operation on a BMC.
pub(super) fn carry_out(
    operation: &Operation,
    target: &Target,
    now: Instant,
    bmc: &mut Bmc,
) -> Outcome {
    match operation {
        Operation::Status(_) => status(target, now, bmc),
        Operation::SensorList(_) => sensors::list(now, bmc),
        Operation::SensorGet(args) => sensors::get(now, bmc, args),
        Operation::SensorSet(args) => sensors::set(now, bmc, args),
        Operation::SensorRelease(args) => sensors::release(now, bmc, args),
        Operation::EventInject(args) => log::inject(now, bmc, args),
        Operation::SelList(args) => log::list(bmc, *args),
        Operation::SelClear(_) => log::clear(now, bmc),
        Operation::ButtonPress(args) => machine::press(now, bmc, *args),
        Operation::PowerControl(args) => machine::control(now, bmc, *args),
        Operation::MainsPull(_) => machine::mains(now, bmc, operation, false),
        Operation::MainsRestore(_) => machine::mains(now, bmc, operation, true),
        Operation::LidOpen(_) => machine::lid(now, bmc, operation, true),
        Operation::LidClose(_) => machine::lid(now, bmc, operation, false),
        Operation::QuirkList(_) => quirks(bmc),
        Operation::QuirkSet(args) => set_quirks(bmc, args),
        Operation::FaultList(_) => faults::list(bmc),
        Operation::FaultSet(args) => faults::set(bmc, args),
        Operation::SelfTestSet(args) => faults::set_self_test(bmc, args),
        Operation::LeaseGive(args) => faults::give_lease(bmc, args),
        Operation::LeaseLose(_) => faults::lose_lease(bmc),
        Operation::ConsoleGet(_) => console::get(now, bmc),
        Operation::ConsoleTail(args) => console::tail(now, bmc, *args),
        Operation::ConsoleType(args) => console::write(now, bmc, args),
        Operation::SessionList(_) => session_list(bmc.session_views()),
        Operation::SessionEnd(args) => end_sessions(bmc, *args),
        // Those are the connection's.
        Operation::BmcList(_) | Operation::Follow(_) => {
            Err(Refusal::new(Code::UnknownOperation, "this is nothing that a BMC does"))
        }
    }
}

/// What an operation brings, as JSON.
pub(super) fn value<T: Serialize>(result: &T) -> Outcome {
    serde_json::to_value(result)
        .map_err(|error| Refusal::new(Code::Refused, format!("no JSON can say it: {error}")))
}

/// The BMCs behind the socket.
pub(super) fn list_bmcs(router: &Router) -> Outcome {
    let mut bmcs = Vec::new();
    for target in router.iter() {
        let (mut mains, mut power) = (false, false);
        let (looked, _) = target.managed.act(&mut |_, bmc| {
            (mains, power) = (bmc.has_mains(), bmc.is_on());
            Ok(serde_json::Value::Null)
        });
        looked?;
        bmcs.push(BmcInfo {
            name: target.name.clone(),
            addresses: target.addresses.iter().map(ToString::to_string).collect(),
            mains: mains.into(),
            power: power.into(),
        });
    }
    value(&Bmcs { bmcs })
}

fn status(target: &Target, now: Instant, bmc: &Bmc) -> Outcome {
    let sensors = bmc.sensor_views(now);
    let watchdog = bmc.watchdog_timer(now);
    // It counts in units of 100 ms. §27.7.
    let left = u64::from(watchdog.present.unwrap_or(0)).saturating_mul(100);
    let locked_out = bmc.locked_out(now).map(|(id, name)| match name.to_string() {
        name if name.is_empty() => id.to_string(),
        name => name,
    });
    let overridden = sensors.iter().filter(|sensor| sensor.overridden);
    value(&Status {
        name: target.name.clone(),
        addresses: target.addresses.iter().map(ToString::to_string).collect(),
        guid: bmc.guid().to_string_spec(),
        uptime_seconds: now.saturating_duration_since(target.started).as_secs(),
        mains: bmc.has_mains().into(),
        power: bmc.is_on().into(),
        power_restore_policy: policy(bmc.restore_policy()).to_owned(),
        restart_cause: cause(bmc.chassis().restart_cause()).to_owned(),
        identify: (bmc.chassis().light() != IdentifyLight::Off).into(),
        sessions: bmc.sessions().len(),
        possible_sessions: bmc.sessions().limits().sessions,
        sensors: sensors.len(),
        overridden_sensors: overridden.map(sensors::called).collect(),
        sel_entries: bmc.sel().records().len(),
        sel_overflow: bmc.sel().overflow(),
        quirks: on(bmc.sessions().quirks()),
        faults: bmc.faults().iter().map(ToString::to_string).collect(),
        self_test: faults::self_test(bmc.self_test()),
        watchdog: watchdog.running.into(),
        watchdog_milliseconds: watchdog.running.then_some(left),
        locked_out_users: locked_out.collect(),
        refused_datagrams: target.managed.refused(),
        system_interface: target.managed.system_interface().map(|(source, guest)| {
            let guest = guest.filter(|guest| guest.is_known);
            let can = |guest: &Guest| guest.capabilities.names().map(str::to_owned).collect();
            SystemInterfaceInfo {
                source,
                connected: guest.is_some(),
                controls: guest.as_ref().map(can).unwrap_or_default(),
                host: guest.map(|guest| guest.peer),
            }
        }),
        waiting_messages: bmc.waiting_messages(),
        qemu: target.managed.qemu(),
    })
}

const fn policy(policy: PowerRestorePolicy) -> &'static str {
    match policy {
        PowerRestorePolicy::AlwaysOff => "always_off",
        PowerRestorePolicy::Previous => "previous",
        PowerRestorePolicy::AlwaysOn => "always_on",
        PowerRestorePolicy::Unknown => "unknown",
    }
}

const fn cause(cause: RestartCause) -> &'static str {
    match cause {
        RestartCause::Unknown => "unknown",
        RestartCause::ChassisControl => "chassis_control",
        RestartCause::ResetButton => "reset_button",
        RestartCause::PowerButton => "power_button",
        RestartCause::Watchdog => "watchdog",
        RestartCause::Oem => "oem",
        RestartCause::PowerRestoredAlways => "power_restored_always_on",
        RestartCause::PowerRestoredPrevious => "power_restored_previous",
        RestartCause::PefReset => "pef_reset",
        RestartCause::PefPowerCycle => "pef_power_cycle",
        RestartCause::SoftReset => "soft_reset",
        RestartCause::RtcWakeup => "rtc_wakeup",
        RestartCause::Other(_) => "reserved",
    }
}

fn on(quirks: Quirks) -> Vec<String> {
    quirks.iter().map(|quirk| quirk.name().to_owned()).collect()
}

fn quirks(bmc: &Bmc) -> Outcome {
    let known = Quirk::ALL.map(|quirk| quirk.name().to_owned()).to_vec();
    value(&QuirkNames { quirks: on(bmc.sessions().quirks()), known })
}

fn set_quirks(bmc: &mut Bmc, args: &QuirkSet) -> Outcome {
    let mut new = Quirks::NONE;
    for name in &args.quirks {
        new.insert(Quirk::from_name(name).ok_or_else(|| {
            let meant = Quirk::most_like(name);
            let meant = meant.map(|quirk| format!("; is '{}' meant?", quirk.name()));
            let says = format!("no quirk '{name}'{}", meant.unwrap_or_default());
            Refusal::new(Code::NoSuchQuirk, says)
        })?);
    }
    bmc.set_quirks(new);
    tell(new);
    quirks(bmc)
}

fn session_list(views: impl IntoIterator<Item = SessionView>) -> Outcome {
    let mut sessions: Vec<_> = views.into_iter().map(|view| session(&view)).collect();
    sessions.sort_by_key(|session| session.handle);
    value(&SessionsInfo { sessions })
}

/// A session, to be shown.
pub(super) fn session(view: &SessionView) -> SessionInfo {
    SessionInfo {
        session: view.id,
        handle: view.handle,
        user_id: view.user_id,
        user: view.user.to_string(),
        privilege: view.privilege.name().to_lowercase(),
        console: view.peer.to_string(),
        cipher_suite: view.agreed.suite().map(|suite| suite.0),
    }
}

fn end_sessions(bmc: &mut Bmc, args: SessionEnd) -> Outcome {
    let ended: Vec<SessionView> = match args {
        SessionEnd { session: Some(id), all: false } => {
            bmc.session_views().filter(|view| view.id == id).collect()
        }
        SessionEnd { session: None, all: true } => bmc.session_views().collect(),
        _ => return Err(Refusal::new(Code::BadRequest, "either 'session' or 'all'")),
    };
    if let (Some(id), []) = (args.session, ended.as_slice()) {
        return Err(Refusal::new(Code::NoSuchSession, format!("no session {id} is open")));
    }
    for view in &ended {
        bmc.end_session(view.id);
    }
    session_list(ended)
}
