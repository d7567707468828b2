//! From a configuration to the BMC that it describes, with what it remembers.

use std::path::Path;
use std::time::{Instant, SystemTime};

use ipmi_bmc::nvram::Memory;
use ipmi_bmc::personality::Personality;
use ipmi_bmc::platform::Platform;
use ipmi_bmc::{Bmc, LanPolicy, Settings};
use ipmi_io::fill_random;
use ipmi_session::managed::Limits;
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::{DeviceId, Guid};

use crate::config::{Config, PersonalityName};
use crate::personality::reference::reference;
use crate::personality::specimens::{Specimens, specimens};
use crate::platform::qemu::{Qemu, Starter};
use crate::platform::sim::SimPlatform;
use crate::platform::sources::{Wake, equip};
use crate::platform::vm::VmPlatform;
use crate::serial::{Clock, Keeper};
use crate::system_interface::Seen;

/// Keeps what the system says in `directory`, and lets the BMC go on behind what is there. Without a
/// file there is no history over a restart, which is no reason not to start.
pub(super) fn keep(bmc: &mut Bmc, directory: &Path, history: usize) -> Option<Keeper> {
    match Keeper::open(directory, history) {
        Ok((keeper, kept)) => {
            if let Some(kept) = kept {
                bmc.restore_heard(&kept);
            }
            Some(keeper)
        }
        Err(error) => {
            tracing::warn!(%error, "what the system says on its serial port is not kept");
            None
        }
    }
}

/// What the machine's clock shows.
pub(crate) const fn clock(config: &Config) -> Clock {
    match config.frozen {
        Some(seconds) => Clock::Stopped(seconds),
        None => Clock::Running,
    }
}

/// What the machine is.
pub(crate) enum Machine {
    /// A simulation.
    Sim,
    /// The virtual machine that is seen there.
    Vm(Seen),
    /// A QEMU of the BMC's own.
    Qemu(Box<Qemu>),
}

/// The BMC that `config` describes, without its serial port, with what it remembers if it is one that does.
/// A machine that is a QEMU is to be started once its ports are there.
pub(crate) fn build(
    config: &Config,
    memory: Option<Memory>,
    wake: &Wake,
    port: u16,
    machine: Machine,
) -> (Bmc, Option<Starter>) {
    let now = Instant::now();
    let epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| u32::try_from(since.as_secs()).unwrap_or(u32::MAX));
    let epoch = config.frozen.unwrap_or(epoch);
    let delivered = config.power_on;
    let was_on = memory.as_ref().and_then(|memory| memory.power_on);
    let starts_on = memory.as_ref().map_or(delivered, |memory| memory.starts_on(delivered));
    let power_on = match &machine {
        Machine::Sim => starts_on,
        // It was, and may be still; of one that nobody has met yet nothing is known.
        Machine::Vm(_) => was_on.unwrap_or(false),
        // One that runs has seen nothing of the BMC's start.
        Machine::Qemu(qemu) => starts_on || qemu.is_running(),
    };
    let mut platform = SimPlatform::new(config.seed, now, power_on);
    platform.set_boot_devices(config.boot_devices.clone());
    if config.frozen.is_some() {
        platform.freeze();
    }
    // Somebody else's machine has mains of its own, and a QEMU tells by itself.
    if let Some(was_on) = was_on.filter(|_| matches!(machine, Machine::Sim)) {
        platform.mains_are_back(was_on);
    }
    let mut personality = match config.personality {
        PersonalityName::Reference => {
            Personality { records_in: config.records_in, ..reference(epoch) }
        }
        PersonalityName::Specimens => {
            let Specimens { personality, readings } = specimens(config.records_in);
            for (number, says) in readings {
                platform.set_override(now, number, says);
            }
            personality
        }
    };
    let DeviceId { manufacturer_id, product_id, .. } = &mut personality.device_id;
    *manufacturer_id = config.manufacturer.unwrap_or(*manufacturer_id);
    *product_id = config.product.unwrap_or(*product_id);
    let (platform, starter): (Box<dyn Platform>, _) = match machine {
        Machine::Sim => (Box::new(platform), None),
        Machine::Vm(host) => (Box::new(VmPlatform::new(now, host, platform)), None),
        Machine::Qemu(qemu) => {
            let (mut machine, starter) = qemu.machine(platform, was_on, wake);
            machine.set_boot_devices(config.boot_devices.clone());
            (Box::new(machine), Some(starter))
        }
    };
    let platform = equip(&config.sensors, &mut personality, platform, wake);
    let nonvolatile = memory.is_some();
    let memory = memory.unwrap_or_default();
    let guid = config.guid.or(memory.guid).unwrap_or_else(|| Guid(random_guid()));
    let settings = Settings {
        guid,
        users: config.users.clone(),
        lan: LanPolicy {
            limit: config.limit,
            suites: config.suites.iter().map(|suite| (*suite, Privilege::Administrator)).collect(),
            kg: config.kg.clone(),
            ipmi15: config.ipmi15.clone(),
            hide_usernames: config.hide_usernames,
            network: config.network.delivered(&config.listen, port, guid),
            ..LanPolicy::default()
        },
        limits: Limits {
            sessions: config.sessions,
            idle: config.idle_timeout,
            rate: config.rate,
            ..Limits::default()
        },
        quirks: config.quirks,
        epoch,
        log: config.log,
        nonvolatile,
    };
    let mut bmc = Bmc::new(now, personality, settings, platform, memory);
    bmc.set_faults(&config.faults);
    bmc.set_cold_reset_time(config.cold_reset);
    if config.frozen.is_some() {
        bmc.stop_clock();
    }
    (bmc, starter)
}

/// A random UUID (RFC 4122, version 4) in IPMI's wire order, which is the reverse of text order.
fn random_guid() -> [u8; 16] {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    version_4(u128::from_le_bytes(bytes))
}

/// The UUID, version 4, that is made of these bits, in the same order.
pub(crate) const fn version_4(mut number: u128) -> [u8; 16] {
    number = number & !(0xf << 76) | 0x4 << 76;
    number = number & !(0x3 << 62) | 0x2 << 62;
    number.to_le_bytes()
}
