//! `mc`.

use ipmi_client::Bmc;
use ipmi_client::controller::{SystemText, WatchdogRequest};
use ipmi_wire::cmd::app::{
    GetDeviceId, GetSelfTestResults, GetSystemGuid, GlobalEnables, PreTimeoutInterrupt,
    SetAcpiPowerState, SystemInfoParameter, TimeoutAction, TimerUse,
};

use super::Outcome;
use crate::cli::{
    Acpi, ActionWord, Enables, EnablesSet, InterruptWord, Mc, Reset, SystemInfo, TextName, UseWord,
    Watchdog, WatchdogSet,
};
use crate::error::Error;
use crate::view::controller::{AcpiView, EnablesView, Interfaces};
use crate::view::mc::{GuidView, Info, ResetView, SelfTestView};
use crate::view::sysinfo::{NameSet, Names};
use crate::view::watchdog::WatchdogView;

pub(super) async fn run(command: &Mc, bmc: &Bmc) -> Outcome {
    Ok(match command {
        Mc::Info => Box::new(Info::from(&bmc.send(&GetDeviceId).await?)),
        Mc::Guid => Box::new(GuidView::from(&bmc.send(&GetSystemGuid).await?)),
        Mc::Selftest => Box::new(SelfTestView::from(bmc.send(&GetSelfTestResults).await?.result)),
        Mc::Reset { how } => {
            let done = match how {
                Reset::Cold => bmc.cold_reset().await?,
                Reset::Warm => bmc.warm_reset().await?,
            };
            Box::new(ResetView::new(*how, &done))
        }
        Mc::Watchdog(command) => Box::new(watchdog(command, bmc).await?),
        Mc::Enables(Enables::Show) => Box::new(EnablesView::from(&bmc.global_enables().await?)),
        Mc::Enables(Enables::Set(set)) => {
            let change = bmc.set_global_enables(|enables| apply(set, enables)).await?;
            Box::new(EnablesView::from(&change))
        }
        Mc::Sysinfo(SystemInfo::Show { names }) => {
            let selectors: Vec<_> = match names.is_empty() {
                true => (SystemInfoParameter::FIRMWARE_VERSION
                    ..=SystemInfoParameter::HYPERVISOR_URL)
                    .collect(),
                false => names.iter().copied().map(selector).collect(),
            };
            Box::new(Names::from(&bmc.system_texts(&selectors).await?))
        }
        Mc::Sysinfo(SystemInfo::Set { name, text }) => {
            let selector = selector(*name);
            let change = bmc.set_system_text(selector, sized(text)?).await?;
            Box::new(NameSet::new(selector, &change))
        }
        Mc::Acpi(Acpi::Show) => Box::new(AcpiView::from(&bmc.acpi_state().await?)),
        Mc::Acpi(Acpi::Set(set)) => {
            let state = SetAcpiPowerState { system: set.system, device: set.device };
            Box::new(AcpiView::from(&bmc.set_acpi_state(state).await?))
        }
        Mc::Interfaces => Box::new(Interfaces::new(&bmc.system_interfaces().await?)),
    })
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &Mc) -> Result<(), Error> {
    match command {
        Mc::Sysinfo(SystemInfo::Set { text, .. }) => sized(text).map(drop),
        _ => Ok(()),
    }
}

async fn watchdog(command: &Watchdog, bmc: &Bmc) -> Result<WatchdogView, Error> {
    Ok(match command {
        Watchdog::Show => WatchdogView::from(&bmc.watchdog().await?),
        Watchdog::Set(set) => WatchdogView::from(&bmc.set_watchdog(&request(set)).await?),
        Watchdog::Off => {
            let (watchdog, stopped) = bmc.stop_watchdog().await?;
            WatchdogView::told(&watchdog, stopped, "stopped")
        }
        Watchdog::Reset => {
            let (watchdog, started) = bmc.wind_watchdog().await?;
            WatchdogView::told(&watchdog, started, "running")
        }
    })
}

fn request(set: &WatchdogSet) -> WatchdogRequest {
    WatchdogRequest {
        timer_use: set.timer_use.map(timer_use),
        action: set.action.map(|word| match word {
            ActionWord::None => TimeoutAction::None,
            ActionWord::Reset => TimeoutAction::Reset,
            ActionWord::PowerDown => TimeoutAction::PowerDown,
            ActionWord::PowerCycle => TimeoutAction::PowerCycle,
        }),
        interrupt: set.interrupt.map(|word| match word {
            InterruptWord::None => PreTimeoutInterrupt::None,
            InterruptWord::Smi => PreTimeoutInterrupt::Smi,
            InterruptWord::Nmi => PreTimeoutInterrupt::Nmi,
            InterruptWord::Messaging => PreTimeoutInterrupt::Messaging,
        }),
        pre_timeout: set.pre_timeout,
        initial: set.timeout,
        log: set.log,
        dont_stop: set.dont_stop,
        clear: set.clear.iter().fold(0, |bits, word| bits | 1 << timer_use(*word).number()),
    }
}

const fn timer_use(word: UseWord) -> TimerUse {
    match word {
        UseWord::BiosFrb2 => TimerUse::BiosFrb2,
        UseWord::BiosPost => TimerUse::BiosPost,
        UseWord::OsLoad => TimerUse::OsLoad,
        UseWord::SmsOs => TimerUse::SmsOs,
        UseWord::Oem => TimerUse::Oem,
    }
}

fn apply(set: &EnablesSet, enables: &mut GlobalEnables) {
    let put = |place: &mut bool, word: Option<bool>| *place = word.unwrap_or(*place);
    put(&mut enables.receive_interrupt, set.receive_interrupt);
    put(&mut enables.event_interrupt, set.event_interrupt);
    put(&mut enables.event_buffer, set.event_buffer);
    put(&mut enables.logging, set.logging);
    for (bit, word) in [(1u8, set.oem0), (2, set.oem1), (4, set.oem2)] {
        match word {
            Some(true) => enables.oem |= bit,
            Some(false) => enables.oem &= !bit,
            None => {}
        }
    }
}

const fn selector(name: TextName) -> u8 {
    match name {
        TextName::FirmwareVersion => SystemInfoParameter::FIRMWARE_VERSION,
        TextName::SystemName => SystemInfoParameter::SYSTEM_NAME,
        TextName::PrimaryOsName => SystemInfoParameter::PRIMARY_OS_NAME,
        TextName::OsName => SystemInfoParameter::OS_NAME,
        TextName::OsVersion => SystemInfoParameter::OS_VERSION,
        TextName::BmcUrl => SystemInfoParameter::BMC_URL,
        TextName::HypervisorUrl => SystemInfoParameter::HYPERVISOR_URL,
    }
}

fn sized(text: &str) -> Result<SystemText, Error> {
    SystemText::new(text).ok_or_else(|| {
        Error::usage(format!("the text has {} bytes", text.len()))
            .cause(format!("IPMI has room for {}, and nothing is ever cut", SystemText::MAX))
    })
}
