//! The passing of time: what becomes due, and what has to be seen to after each command.

use std::time::Instant;

use ipmi_wire::sdr::SensorType;

use super::{Bmc, ON_TIME_INTERVAL};
use crate::nvram::setting;
use crate::sel::Sel;

impl Bmc {
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
        let serial = self.serial.as_ref().and_then(|port| port.poll_timeout());
        [serial, sessions, chassis, watchdog, boot, dcmi, pef].into_iter().flatten().min()
    }

    /// Notes what changes without anybody's doing and is worth keeping when the BMC stops.
    pub fn note_on_time(&mut self, now: Instant) {
        self.advance(now);
        let seconds = self.chassis.on_time().as_secs();
        self.journal.put_bytes(setting::ON_TIME, seconds.to_le_bytes());
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
        self.forget_orphans();
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

    pub(super) fn note_power(&mut self) {
        let on = self.platform.is_on();
        if self.noted_power != Some(on) {
            self.noted_power = Some(on);
            self.journal.put_bytes(setting::POWER, [u8::from(on)]);
        }
    }
}
