//! A look into a controller from outside: what a console would have to ask for piece by piece, and
//! some of what it could not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use ipmi_session::console::Agreed;
use ipmi_session::managed::Active;
use ipmi_wire::cmd::app::{SelfTest, WatchdogTimer};
use ipmi_wire::cmd::chassis::PowerRestorePolicy;
use ipmi_wire::session::Username;
use ipmi_wire::{CompletionCode, Privilege};

use crate::bmc::Bmc;
use crate::lan::{Lease, NetworkSettings};
use crate::sdr::SdrRepository;
use crate::sensors::SensorView;

/// A session on the LAN channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// The managed system's session ID.
    pub id: u32,
    /// Its short name in Get Session Info.
    pub handle: u8,
    /// Where the console is.
    pub peer: SocketAddr,
    /// Who.
    pub user_id: u8,
    /// What the user is called now.
    pub user: Username,
    /// The privilege level in force.
    pub privilege: Privilege,
    /// How it is protected.
    pub agreed: Agreed,
}

impl Bmc {
    /// All sensors, by number, with the names that their records have now.
    #[must_use]
    pub fn sensor_views(&self, now: Instant) -> Vec<SensorView> {
        let records = self.sdr.iter().chain(&self.device_sdr).flat_map(SdrRepository::understood);
        let named = records.flat_map(|record| record.sensors());
        let mut names = BTreeMap::new();
        for sensor in named.filter(|sensor| crate::sensors::is_ours(sensor.key)) {
            // Of records for one number the first counts.
            names.entry(sensor.key.number).or_insert(sensor.name);
        }
        let mut views = self.sensors.views(now);
        for view in &mut views {
            view.name = names.remove(&view.number).unwrap_or_default();
            view.overridden = self.overridden.contains(&view.number);
        }
        views
    }

    /// All sessions, in no order.
    pub fn session_views(&self) -> impl Iterator<Item = SessionView> {
        self.sessions.iter().map(|session| self.view(session))
    }

    fn view(&self, session: &Active) -> SessionView {
        let user = self.users.get(session.user_id).map(|user| user.name);
        SessionView {
            id: session.managed_session_id,
            handle: session.handle,
            peer: session.peer,
            user_id: session.user_id,
            user: user.unwrap_or_default(),
            privilege: session.privilege,
            agreed: session.agreed,
        }
    }

    /// Ends the session with this (managed system) ID without a word to its console; whether there
    /// was one.
    pub fn end_session(&mut self, id: u32) -> bool {
        let was_there = self.sessions.close(id);
        self.forget_orphans();
        was_there
    }

    /// What the machine does when mains power comes back.
    #[must_use]
    pub const fn restore_policy(&self) -> PowerRestorePolicy {
        self.restore_policy
    }

    /// What the self test finds. The tests there are: SDR repository, log and inventory were built, or
    /// the BMC would not run, and what changes of them is kept.
    #[must_use]
    pub fn self_test(&self) -> SelfTest {
        /// SEL, SDR repository and FRU device cannot be accessed.
        const MEMORIES: u8 = 0xe0;
        match (self.self_test, self.unkept) {
            (Some(result), _) => result,
            (None, None) => SelfTest::Passed,
            (None, Some(_)) => SelfTest::Corrupted { flags: MEMORIES },
        }
    }

    /// Whether it is [made](Bmc::set_self_test) to find that.
    #[must_use]
    pub const fn is_self_test_set(&self) -> bool {
        self.self_test.is_some()
    }

    /// The watchdog, as Get Watchdog Timer tells of it.
    #[must_use]
    pub fn watchdog_timer(&self, now: Instant) -> WatchdogTimer {
        self.watchdog.get(now)
    }

    /// How many messages of consoles wait for software on the host.
    #[must_use]
    pub fn waiting_messages(&self) -> usize {
        self.messages.queue.len()
    }

    /// The users who are locked out for wrong passwords, by number.
    pub fn locked_out(&self, now: Instant) -> impl Iterator<Item = (u8, Username)> {
        let users = self.users.with_ids().map(|(id, user)| (id, user.name));
        users.filter(move |(id, _)| self.is_locked_out(now, *id))
    }

    /// What DHCP has given, whether or not the address comes from there.
    #[must_use]
    pub const fn lease(&self) -> Option<Lease> {
        self.lan_config.lease()
    }

    /// The network's settings.
    #[must_use]
    pub fn network_settings(&self) -> NetworkSettings {
        self.lan_config.settings()
    }

    /// Takes in an event that somebody says has happened. Number and time are the log's to give.
    ///
    /// # Errors
    /// C4h if the log is full, CEh while the controller is not there.
    pub fn log_event(
        &mut self,
        now: Instant,
        event: ipmi_wire::sel::SelRecord,
    ) -> Result<u16, CompletionCode> {
        if !self.has_mains() || self.is_resetting(now) {
            return Err(CompletionCode::RESPONSE_UNAVAILABLE);
        }
        self.advance(now);
        let time = self.clock.now(now);
        let event = event.with_timestamp(time);
        let id = self.log(now, event)?;
        self.follow(now);
        Ok(id)
    }

    /// Takes all events out of the log.
    pub fn clear_log(&mut self, now: Instant) {
        if !self.has_mains() {
            return;
        }
        self.advance(now);
        let time = self.clock.now(now);
        self.sel.clear(time, &mut self.journal);
        self.pef.forget_records(&mut self.journal);
        self.follow(now);
    }
}
