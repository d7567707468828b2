//! The controller itself: state, time, and the two ways in.

mod sibling;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_session::managed::{Active, Delayed, Limits, Received, Sessions, Ticket};
use ipmi_session::{Entropy, Quirks};
use ipmi_wire::cmd::app::{DeviceId, Guid, SelfTest};
use ipmi_wire::cmd::chassis::PowerRestorePolicy;
use ipmi_wire::lan::LanMessage;
use ipmi_wire::sdr::{Record, SensorType};
use ipmi_wire::{Channel, CompletionCode, Request, Response};

use crate::acpi::Acpi;
use crate::boot::BootOptions;
use crate::channels::{LanAccess, LanKey};
use crate::chassis::Chassis;
use crate::clock::Clock;
use crate::context::{Context, Origin};
use crate::dcmi::Dcmi;
use crate::dispatch::dispatch;
use crate::faults::{Fault, Faults, Way};
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
use crate::sol::SolConfig;
use crate::system_info::SystemInfo;
use crate::users::{Directory, LanPolicy, Lockouts, User, Users};
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
    pub(crate) statistics: Statistics,
    pub(crate) sessions: Sessions,
    pub(crate) chassis: Chassis,
    /// What the machine does when mains power comes back.
    pub(crate) restore_policy: PowerRestorePolicy,
    pub(crate) boot: BootOptions,
    pub(crate) watchdog: Watchdog,
    pub(crate) messages: Messages,
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

/// What to do with an answer.
#[derive(Debug)]
pub enum Reply {
    /// Send it.
    Now(Vec<u8>),
    /// [`release`](Bmc::release) it once the changes that were just taken are kept: what is
    /// acknowledged is durable.
    Held(Held),
}

/// An answer that waits for the store.
#[derive(Debug)]
pub struct Held {
    number: u64,
    ticket: Ticket,
    message: LanMessage,
    /// When it would have left, and how.
    answered: Instant,
    way: Way,
    /// What is told if the changes cannot be kept is that, for the request did nothing else.
    records: bool,
    after: After,
}

/// What a command asked for that must not happen before its answer is sealed. It stays with that
/// answer: nothing of it is left over for the next one to set off.
#[derive(Clone, Copy, Debug)]
struct After {
    /// The session that ends.
    close: Option<u32>,
    /// All of them end, and nobody is heard until then.
    reset: Option<Instant>,
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
            statistics: Statistics::default(),
            sessions: Sessions::new(limits),
            chassis: Chassis::new(now, &memory),
            restore_policy: memory.restore_policy.unwrap_or(PowerRestorePolicy::Previous),
            boot: BootOptions::new(now, &memory.boot_options),
            watchdog: Watchdog::default(),
            messages: Messages::default(),
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

    /// Takes in a datagram from the LAN; what to send back, if anything. For a BMC that keeps
    /// nothing: no answer waits.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        match self.receive(now, from, datagram, entropy)? {
            Reply::Now(reply) => Some(reply),
            Reply::Held(held) => self.release(held, Ok(()), entropy),
        }
    }

    /// Takes in a datagram from the LAN; what to do with the answer, if there is one.
    pub fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<Reply> {
        if !self.has_mains || self.is_resetting(now) {
            return None;
        }
        self.statistics.received(datagram);
        if self.faults.as_ref().is_some_and(|faults| faults.loses(entropy)) {
            return None;
        }
        match self.reply(now, from, datagram, entropy)? {
            (Reply::Now(reply), way) => self.send(now, from, way, reply, entropy).map(Reply::Now),
            (held, _) => Some(held),
        }
    }

    /// The answer to a datagram, and how it is to leave.
    fn reply(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<(Reply, Way)> {
        let usual = |reply| (Reply::Now(reply), Way::Usual);
        let directory = Directory {
            now,
            users: &self.users,
            lockouts: &self.lockouts,
            lan: &self.lan,
            access: &self.lan_access,
            key: &self.lan_key,
            guid: self.guid().0,
        };
        let received = self.sessions.receive(now, from, datagram, &directory, entropy);
        self.note_login(now);
        match received {
            Received::Nothing => None,
            Received::Reply(reply) => Some(usual(reply)),
            Received::Sessionless { format, message } => {
                let origin = Origin::Sessionless { channel: Self::LAN_CHANNEL };
                let (answer, _) = self.answer(now, origin, &message)?;
                let after = self.after(origin);
                self.finish(after);
                Sessions::sessionless(format, &answer).map(usual)
            }
            Received::Request { ticket, message } => {
                self.answer_in_session(now, ticket, &message, entropy)
            }
        }
    }

    /// The datagram of an answer that waited, now that its changes are kept or cannot be. `None` if
    /// its session has ended meanwhile, or nobody can wait for it any more.
    pub fn release(
        &mut self,
        held: Held,
        outcome: Result<(), Unkept>,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let Held { number, ticket, mut message, answered, way, records, after } = held;
        match outcome {
            // And so is all that was noted before it.
            Ok(()) if number == self.last_held && number > self.failed_until => {
                self.journal.doubt(false);
            }
            Ok(()) => {}
            Err(unkept) => {
                self.failed_until = self.last_held;
                if records {
                    // It is done, but would not survive: nobody may rely on it.
                    let code = match unkept {
                        Unkept::Full => CompletionCode::OUT_OF_SPACE,
                        Unkept::Failed => CompletionCode::UNSPECIFIED,
                    };
                    message.data = vec![code.0];
                }
            }
        }
        let peer = self.sessions.get(ticket.session_id()).map(|session| session.peer);
        let reply = self.sessions.seal(ticket, &message, entropy);
        self.finish(after);
        self.send(answered, peer?, way, reply?, entropy)
    }

    /// Sends a datagram on its way; what is to leave at once.
    fn send(
        &mut self,
        now: Instant,
        to: SocketAddr,
        way: Way,
        datagram: Vec<u8>,
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let datagram = match &mut self.faults {
            Some(faults) => faults.send(now, to, way, datagram, entropy)?,
            None => datagram,
        };
        self.statistics.transmitted();
        Some(datagram)
    }

    /// Answers a request, whoever carried it here. What the command puts off until it is answered
    /// (the end of sessions) has happened when this returns: there is nothing to seal. D2h during a
    /// cold reset.
    pub fn handle_request(&mut self, now: Instant, origin: Origin, request: &Request) -> Response {
        if !self.has_mains {
            return Response::code(CompletionCode::RESPONSE_UNAVAILABLE);
        }
        if self.is_resetting(now) {
            return Response::code(CompletionCode::BMC_INITIALIZING);
        }
        self.advance(now);
        let response = dispatch(self, &Context { now, origin }, request);
        self.follow(now);
        let after = self.after(origin);
        self.finish(after);
        response
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.sessions.handle_timeout(now);
        self.advance(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) next has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if !self.has_mains {
            return None;
        }
        let on_time = self.platform.is_on().then_some(self.note_on_time_at);
        let sensors = self.sensors.poll_timeout();
        let dcmi = self.dcmi.poll_timeout();
        [self.poll_timeout_asleep(), on_time, sensors, dcmi].into_iter().flatten().min()
    }

    /// As [`poll_timeout`](Self::poll_timeout), but for what can be put off until somebody asks: scans
    /// of the sensors, and counting the on time. A BMC that is [asked](Self::receive) makes up for
    /// it first.
    #[must_use]
    pub fn poll_timeout_asleep(&self) -> Option<Instant> {
        if !self.has_mains {
            return None;
        }
        let chassis = self.chassis.poll_timeout(&*self.platform);
        let (watchdog, boot) = (self.watchdog.poll_timeout(), self.boot.poll_timeout());
        let (dcmi, pef) = (self.dcmi.poll_timeout_asleep(), self.pef.poll_timeout());
        let sessions = self.sessions.poll_timeout();
        [sessions, chassis, watchdog, boot, dcmi, pef].into_iter().flatten().min()
    }

    /// What has to be kept of what has happened since the last time, in this order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.journal.take()
    }

    /// Tells how the store is doing, which the self test reports.
    pub const fn report_storage(&mut self, trouble: Option<Unkept>) {
        self.unkept = trouble;
    }

    /// Notes what changes without anybody's doing and is worth keeping when the BMC stops.
    pub fn note_on_time(&mut self, now: Instant) {
        self.advance(now);
        let seconds = self.chassis.on_time().as_secs();
        self.journal.put_bytes(setting::ON_TIME, seconds.to_le_bytes());
    }

    /// An answer that is to be sent later, to where its request came from. To be asked for after
    /// each [`receive`](Self::receive) and each [`release`](Self::release), until there is none;
    /// there never is without [`Quirk::SlowHandshake`](ipmi_session::Quirk::SlowHandshake) or a
    /// fault of the line.
    pub fn poll_delayed(&mut self) -> Option<Delayed> {
        let delayed = self.sessions.poll_delayed().or_else(|| self.faults.as_mut()?.poll_late())?;
        self.statistics.transmitted();
        Some(delayed)
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

    pub(crate) fn advance(&mut self, now: Instant) {
        if !self.has_mains {
            return;
        }
        self.advance_machine(now);
        self.follow(now);
        if now >= self.note_on_time_at {
            self.note_on_time_at = now.checked_add(ON_TIME_INTERVAL).unwrap_or(now);
            if self.is_on() {
                let seconds = self.chassis.on_time().as_secs();
                self.journal.put_bytes(setting::ON_TIME, seconds.to_le_bytes());
            }
        }
    }

    /// Lets the sensors see what has become of the machine, and notes it. Also after a command: a
    /// power cycle may be over before the next scan is due.
    pub(crate) fn follow(&mut self, now: Instant) {
        self.look_after_turns(now);
        self.sensors.advance(now, &mut *self.platform);
        self.settle(now);
        self.heed_filters(now);
        self.boot.keep(&mut self.journal);
        self.note_power();
    }

    /// Logs what the sensors have to tell, and notes what they are to keep. The log is a sensor's
    /// business, too.
    pub(crate) fn settle(&mut self, now: Instant) {
        loop {
            self.sensors.report(now, SensorType::EVENT_LOGGING_DISABLED, self.sel.states());
            let Some(event) = self.sensors.poll_event() else { break };
            if Sel::is_about_fullness(&event) && !self.sel.can_tell_of_itself() {
                continue;
            }
            let time = self.clock.now(now);
            let event = event.to_record(time);
            // A full log has noted that it lost an event; software may see it all the same.
            if self.take_event(now, event).is_err() {
                self.messages.offer(&event);
            }
        }
        self.sensors.keep(&mut self.journal);
    }

    fn note_power(&mut self) {
        let on = self.platform.is_on();
        if self.noted_power != Some(on) {
            self.noted_power = Some(on);
            self.journal.put_bytes(setting::POWER, [u8::from(on)]);
        }
    }

    /// The answer, and what has to be kept before it is given.
    fn answer(
        &mut self,
        now: Instant,
        origin: Origin,
        message: &LanMessage,
    ) -> Option<(LanMessage, Changes)> {
        let request = message.to_request()?;
        self.advance(now);
        let noted = self.journal.noted();
        let response = dispatch(self, &Context { now, origin }, &request);
        self.settle(now);
        let records = self.journal.noted() != noted;
        self.follow(now);
        let changes = match self.journal.noted() != noted {
            false => Changes::None,
            true if records => Changes::Records,
            true => Changes::Power,
        };
        Some((message.answer(&response), changes))
    }

    fn answer_in_session(
        &mut self,
        now: Instant,
        ticket: Ticket,
        message: &LanMessage,
        entropy: &mut dyn Entropy,
    ) -> Option<(Reply, Way)> {
        let session_id = ticket.session_id();
        // What ends with an answer that waits takes no more requests: the next one would be answered
        // first, and end it.
        let session = self.sessions.get(session_id).filter(|session| !session.is_closing())?;
        let origin = Origin::Session {
            session_id,
            channel: Self::LAN_CHANNEL,
            user_id: session.user_id,
            privilege: session.privilege,
        };
        let (mut message, waits_for) = self.answer(now, origin, message)?;
        let after = self.after(origin);
        let way = match &mut self.faults {
            Some(faults) => faults.press(now, session_id, &mut message),
            None => Way::Usual,
        };
        if waits_for != Changes::None {
            self.last_held = self.last_held.saturating_add(1);
            self.journal.doubt(true);
            let records = waits_for == Changes::Records && after.reset.is_none();
            let number = self.last_held;
            let answered = now;
            let held = Held { number, ticket, message, answered, way, records, after };
            return Some((Reply::Held(held), way));
        }
        let reply = self.sessions.seal(ticket, &message, entropy);
        self.finish(after);
        reply.map(|reply| (Reply::Now(reply), way))
    }

    fn after(&mut self, origin: Origin) -> After {
        let close = match origin {
            Origin::Session { session_id, .. } => Some(session_id),
            Origin::Sessionless { .. } | Origin::SystemInterface => None,
        };
        let is_closing = |id: &u32| self.sessions.get(*id).is_some_and(Active::is_closing);
        After {
            close: close.filter(is_closing),
            reset: core::mem::take(&mut self.cold_reset_pending),
        }
    }

    fn finish(&mut self, After { close, reset }: After) {
        if let Some(session_id) = close {
            self.sessions.close(session_id);
        }
        if reset.is_some() {
            self.sessions.close_all();
            self.dark_until = reset;
        }
    }
}

/// What a command changed of what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changes {
    None,
    /// Only what followed from it: the machine's power.
    Power,
    /// What it was about.
    Records,
}

/// Additional device support: SDR repository. IPMI v2.0 §20.1, byte 7.
const SDR_REPOSITORY: u8 = 0x02;
