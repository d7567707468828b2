//! The controller itself: state, time, and the two ways in.

mod exchange;
mod sibling;
mod software;
mod time;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ipmi_session::Quirks;
use ipmi_session::managed::{Limits, Sessions};
use ipmi_wire::Channel;
use ipmi_wire::cmd::app::{DeviceId, Guid, SelfTest};
use ipmi_wire::cmd::chassis::PowerRestorePolicy;
use ipmi_wire::sdr::Record;

pub use exchange::{Answer, Held, HeldAnswer, Reply};

use crate::acpi::Acpi;
use crate::boot::BootOptions;
use crate::channels::{LanAccess, LanKey};
use crate::chassis::Chassis;
use crate::clock::Clock;
use crate::dcmi::Dcmi;
use crate::faults::{Fault, Faults};
use crate::feed::Feed;
use crate::firewall::Firewall;
use crate::fru::Inventory;
use crate::lan::{LanConfig, Lease, NetworkSettings, Statistics};
use crate::messages::Messages;
use crate::nvram::{Change, Journal, Memory, Unkept, setting};
use crate::partial::PartialAdd;
use crate::pef::Pef;
use crate::personality::{Personality, RecordsIn};
use crate::platform::Platform;
use crate::sdr::SdrRepository;
use crate::sel::{LogPolicy, Sel};
use crate::sensors::Engine;
use crate::serial::Port;
use crate::sol::SolConfig;
use crate::system_info::SystemInfo;
use crate::system_interface::SystemInterfaceKind;
use crate::users::{LanPolicy, Lockouts, User, Users};
use crate::watchdog::Watchdog;

/// What a BMC is configured with, as opposed to what it is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The system's GUID, in wire order.
    pub guid: Guid,
    /// Users, as delivered: a command's change of one is kept for as long as the same is said here.
    pub users: Vec<User>,
    /// Policy of the LAN channel.
    pub lan: LanPolicy,
    /// Limits of the LAN channel's sessions.
    pub limits: Limits,
    /// Departures from the specification of sessions, for tests of consoles.
    pub quirks: Quirks,
    /// The host's time at the start, in seconds since 1970.
    pub epoch: u32,
    /// How much the log holds, and what happens then.
    pub log: LogPolicy,
    /// Whether somebody will take the changes of what is to be kept: see [`Bmc::take_changes`].
    pub nonvolatile: bool,
}

/// A Baseboard Management Controller.
///
/// It does nothing by itself: call [`handle_timeout`](Self::handle_timeout) when
/// [`poll_timeout`](Self::poll_timeout) says so. What is to survive it is noted as it changes:
/// **whoever calls anything that takes `&mut self` on a nonvolatile BMC takes the changes
/// afterwards**, before anybody else calls anything.
pub struct Bmc {
    pub(crate) device_id: DeviceId,
    pub(crate) guid: Guid,
    pub(crate) users: Users,
    pub(crate) lockouts: Lockouts,
    pub(crate) lan: LanPolicy,
    pub(crate) lan_access: LanAccess,
    pub(crate) lan_key: LanKey,
    pub(crate) lan_config: LanConfig,
    pub(crate) sol_config: SolConfig,
    /// The system's serial port, if it has one that the BMC is wired to.
    pub(crate) serial: Option<Box<Port>>,
    pub(crate) statistics: Statistics,
    pub(crate) sessions: Sessions,
    pub(crate) chassis: Chassis,
    /// What the machine does when mains power comes back.
    pub(crate) restore_policy: PowerRestorePolicy,
    pub(crate) boot: BootOptions,
    pub(crate) watchdog: Watchdog,
    pub(crate) messages: Messages,
    pub(crate) system_interface: SystemInterfaceKind,
    pub(crate) acpi: Acpi,
    pub(crate) system_info: SystemInfo,
    pub(crate) dcmi: Dcmi,
    pub(crate) firewall: Firewall,
    pub(crate) pef: Pef,
    pub(crate) sdr: Option<SdrRepository>,
    pub(crate) device_sdr: Option<SdrRepository>,
    pub(crate) partial_sdr: PartialAdd,
    pub(crate) sel: Sel,
    pub(crate) partial_event: PartialAdd,
    pub(crate) clock: Clock,
    pub(crate) inventory: Inventory,
    pub(crate) sensors: Engine,
    pub(crate) platform: Box<dyn Platform>,
    /// A cold reset that takes place once its answer is on its way, and when it will be over.
    pub(crate) cold_reset_pending: Option<Instant>,
    /// How long a cold reset takes.
    pub(crate) cold_reset_time: Duration,
    /// A cold reset is under way until then.
    pub(crate) dark_until: Option<Instant>,
    /// What the self test is to find, whatever is true.
    pub(crate) self_test: Option<SelfTest>,
    /// What it does wrong on purpose.
    pub(crate) faults: Option<Box<Faults>>,
    pub(crate) journal: Journal,
    /// The number of the answer that was last told to wait for the store.
    last_held: u64,
    /// Answers up to this number cannot vouch for all that was noted: something was not kept.
    failed_until: u64,
    /// What is wrong with the store, if anything is.
    pub(crate) unkept: Option<Unkept>,
    /// The power state that was last noted, and when the on time next is.
    pub(crate) noted_power: Option<bool>,
    note_on_time_at: Instant,
    /// Without mains there is no controller, although its state is here.
    pub(crate) has_mains: bool,
    /// Sensors that are made to say something.
    pub(crate) overridden: BTreeSet<u8>,
    pub(crate) feed: Feed,
}

/// How often the on time is kept.
const ON_TIME_INTERVAL: Duration = Duration::from_secs(60);

impl Bmc {
    /// The LAN channel's number.
    pub const LAN_CHANNEL: Channel = Channel::new(1);

    /// A controller that starts at `now`, with what it remembers.
    #[must_use]
    pub fn new(
        now: Instant,
        personality: Personality,
        settings: Settings,
        platform: Box<dyn Platform>,
        mut memory: Memory,
    ) -> Self {
        let Settings { guid, users, lan, limits, quirks, epoch, log, nonvolatile } = settings;
        let mut journal = if nonvolatile { Journal::default() } else { Journal::forgetful() };
        if memory.guid != Some(guid) {
            journal.put_bytes(setting::GUID, guid.0);
        }
        let sel = match memory.log.take() {
            Some(kept) => Sel::restore(log, kept),
            None => Sel::new(log, personality.events, &mut journal),
        };
        let records_in = personality.records_in;
        let described = || SdrRepository::new(&personality.sdrs, personality.sdrs_built);
        let (sdr, device_sdr) = match records_in {
            RecordsIn::Repository => {
                let kept = memory.sdrs.take().map(SdrRepository::restore);
                (Some(kept.unwrap_or_else(described)), None)
            }
            RecordsIn::Device => (None, Some(described())),
        };
        let in_repository = records_in == RecordsIn::Repository;
        let device_id = DeviceId {
            provides_device_sdrs: !in_repository,
            additional_support: if in_repository {
                personality.device_id.additional_support | SDR_REPOSITORY
            } else {
                personality.device_id.additional_support & !SDR_REPOSITORY
            },
            ..personality.device_id
        };
        let mut lan = lan;
        let lan_config = LanConfig::new(&lan, &memory, &mut journal);
        lan_config.enforce(&mut lan);
        let sol_config =
            SolConfig::new(Self::LAN_CHANNEL, lan.network.port, &memory.sol_parameters);
        let mut bmc = Self {
            device_id,
            guid,
            users: Users::new(&users, &memory.users, &mut journal),
            lockouts: Lockouts::default(),
            dcmi: Dcmi::new(now, &memory.dcmi, lan.network.mac),
            pef: Pef::new(&memory.pef),
            lan_access: LanAccess::new(lan.limit, &memory, &mut journal),
            lan_key: LanKey::new(lan.kg.clone(), &memory, &mut journal),
            lan,
            lan_config,
            sol_config,
            serial: None,
            statistics: Statistics::default(),
            sessions: Sessions::new(limits),
            chassis: Chassis::new(now, &memory),
            restore_policy: memory.restore_policy.unwrap_or(PowerRestorePolicy::Previous),
            boot: BootOptions::new(now, &memory.boot_options),
            watchdog: Watchdog::default(),
            messages: Messages::default(),
            system_interface: SystemInterfaceKind::default(),
            acpi: Acpi::default(),
            system_info: SystemInfo::new(&memory.system_info),
            firewall: Firewall::new(&memory.firewall),
            sdr,
            device_sdr,
            partial_sdr: PartialAdd::default(),
            sel,
            partial_event: PartialAdd::default(),
            clock: Clock::new(now, epoch, &memory),
            inventory: Inventory::new(personality.inventory, &memory),
            sensors: Engine::new(now, &personality.sdrs, &personality.sensors, &memory.sensors),
            platform,
            cold_reset_pending: None,
            cold_reset_time: Duration::ZERO,
            dark_until: None,
            self_test: None,
            faults: None,
            journal,
            last_held: 0,
            failed_until: 0,
            unkept: None,
            noted_power: memory.power_on,
            note_on_time_at: now.checked_add(ON_TIME_INTERVAL).unwrap_or(now),
            has_mains: true,
            overridden: BTreeSet::new(),
            feed: Feed::default(),
        };
        bmc.sessions.set_quirks(quirks);
        bmc.note_power();
        bmc.dcmi.apply(now, &mut *bmc.platform);
        bmc.advance(now);
        bmc
    }

    /// What has to be kept of what has happened since the last time, in this order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.journal.take()
    }

    /// Tells how the store is doing, which the self test reports.
    pub const fn report_storage(&mut self, trouble: Option<Unkept>) {
        self.unkept = trouble;
    }

    /// Does these things wrong and no others, from now on. Of two of a kind the first counts.
    pub fn set_faults(&mut self, faults: &[Fault]) {
        self.faults = Faults::new(faults);
    }

    /// What it does wrong on purpose.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        self.faults.as_deref().map_or(&[], Faults::on)
    }

    /// The network's settings, if a command has changed them since the last time (or did before a
    /// restart): they are to be applied to whatever the BMC is reached by.
    pub fn take_network_change(&mut self) -> Option<NetworkSettings> {
        self.lan_config.take_change()
    }

    /// What DHCP has given; `None` if the lease is lost. It shows if DHCP is where the address comes
    /// from: address, mask and gateway are 0.0.0.0 then until there is another. Nothing else follows:
    /// the BMC answers whatever reaches it.
    pub fn set_lease(&mut self, lease: Option<Lease>) {
        self.lan_config.set_lease(lease);
    }

    /// Puts on these departures from the specification of sessions and no others, at once.
    pub const fn set_quirks(&mut self, quirks: Quirks) {
        self.sessions.set_quirks(quirks);
    }

    /// Stops the clock of the log where it started, so that what is said at two times can be
    /// compared. It can be set.
    pub const fn stop_clock(&mut self) {
        self.clock.stop();
    }

    /// How long the controller answers nobody after a cold reset; at first, not at all.
    pub const fn set_cold_reset_time(&mut self, time: Duration) {
        self.cold_reset_time = time;
    }

    /// Whether a cold reset is under way.
    #[must_use]
    pub fn is_resetting(&self, now: Instant) -> bool {
        self.dark_until.is_some_and(|end| now < end)
    }

    /// Says what the host's own interface is made of. It is KCS as long as nobody says otherwise.
    pub const fn set_system_interface(&mut self, kind: SystemInterfaceKind) {
        self.system_interface = kind;
    }

    /// Makes the self test find this, whatever is true; `None` makes it look again.
    pub const fn set_self_test(&mut self, result: Option<SelfTest>) {
        self.self_test = result;
    }

    /// The sessions on the LAN channel.
    #[must_use]
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The event log.
    #[must_use]
    pub const fn sel(&self) -> &Sel {
        &self.sel
    }

    /// The chassis.
    #[must_use]
    pub const fn chassis(&self) -> &Chassis {
        &self.chassis
    }

    /// The system's GUID, as it is told.
    #[must_use]
    pub fn guid(&self) -> Guid {
        self.faults.as_ref().map_or(self.guid, |faults| faults.guid(self.guid))
    }

    /// Whether the machine is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.platform.is_on()
    }

    /// What a reset does to the controller's volatile state, sessions apart.
    pub(crate) fn cancel_reservations(&mut self) {
        for sdr in self.sdr.iter_mut().chain(&mut self.device_sdr) {
            sdr.reservation.cancel();
        }
        self.sel.reservation.cancel();
        self.boot.reset();
        self.lan_config.reset();
        self.sol_config.reset();
        self.pef.reset();
        self.system_info.reset();
        self.partial_sdr = PartialAdd::default();
        self.partial_event = PartialAdd::default();
    }

    /// Sets the sensors up from the repository's records, or as at the factory if it has none of
    /// them.
    pub(crate) fn initialize_sensors(&mut self, now: Instant) {
        let records: Vec<Record> = self.sdr.iter().flat_map(SdrRepository::understood).collect();
        self.sensors.initialize(now, &records);
    }
}

/// Additional device support: SDR repository. IPMI v2.0 §20.1, byte 7.
const SDR_REPOSITORY: u8 = 0x02;
