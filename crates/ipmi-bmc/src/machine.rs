//! What the controller does to its machine, and what it learns of it: power, the watchdog, events.

use std::time::Instant;

use ipmi_wire::cmd::app::{PreTimeoutInterrupt, TimeoutAction};
use ipmi_wire::cmd::chassis::{PowerAction, RestartCause, SystemRestartCause};
use ipmi_wire::cmd::sensor::{EventDataBytes, PefActions, PlatformEvent};
use ipmi_wire::lan::BMC_ADDRESS;
use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Channel, CompletionCode};

use crate::bmc::Bmc;
use crate::chassis::{Chassis, Failure, Machine, by_itself};
use crate::lan::Statistics;
use crate::messages::Messages;
use crate::pef::Due;
use crate::platform::IdentifyLight;
use crate::sdr::SdrRepository;
use crate::users::Lockouts;
use crate::watchdog::{Deed, Watchdog};

impl Bmc {
    /// Acts on the machine's power.
    pub(crate) fn control(
        &mut self,
        now: Instant,
        action: PowerAction,
        by: SystemRestartCause,
    ) -> Result<(), CompletionCode> {
        let (chassis, mut machine) = self.machine();
        chassis.control(now, &mut machine, action, by)
    }

    /// What a cold reset does to the volatile state, sessions apart: those end with its answer. The
    /// machine notices nothing.
    pub(crate) fn cold_reset(&mut self, now: Instant) {
        self.sensors.reset();
        self.forget(now);
        self.chassis.identify(now, &mut *self.platform, IdentifyLight::Off);
        self.cold_reset_pending = Some(now.checked_add(self.cold_reset_time).unwrap_or(now));
    }

    /// Forgets what a controller does not know when it starts, its sensors' states apart.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.cancel_reservations();
        self.lan_access.restart();
        self.watchdog = Watchdog::default();
        self.report_watchdog(now, Some(EventDataBytes::Own));
        self.messages = Messages::default();
        self.acpi.forget();
        self.system_info.forget_running_system();
        self.lockouts = Lockouts::default();
        self.dcmi.reset(now);
        self.statistics = Statistics::default();
    }

    /// Lets time pass for the machine and for what waits on it.
    pub(crate) fn advance_machine(&mut self, now: Instant) {
        let (chassis, mut machine) = self.machine();
        chassis.advance(now, &mut machine);
        self.tell_failures(now);
        self.dcmi.advance(now, &mut *self.platform);
        self.look_after_turns(now);
        self.heed_watchdog(now);
        self.heed_limits(now);
        self.boot.advance(now);
    }

    /// Logs what has failed at the machine.
    fn tell_failures(&mut self, now: Instant) {
        while let Some(failure) = self.chassis.poll_failure() {
            // Table 42-3.
            let (sensor_type, offset) = match failure {
                // Soft power control failure: "unit did not respond to request to turn on".
                Failure::StayedOff => (SensorType::POWER_UNIT, 0x05),
                // Power unit failure detected.
                Failure::WentOff => (SensorType::POWER_UNIT, 0x06),
                // Run-time critical stop ("core dump", "blue screen").
                Failure::Panicked => (SensorType::OS_STOP, 0x01),
            };
            let event = PlatformEvent {
                generator: None,
                evm_rev: SelRecord::EVM_REV,
                sensor_type,
                sensor_number: 0,
                assertion: true,
                event_type: EventReadingType(0x6f),
                data: [offset, 0xff, 0xff],
            };
            let record = event.to_record(0, self.clock.now(now), BMC_ADDRESS.into());
            // A full log has noted that it lost an event.
            let _ = self.take_event(now, record);
        }
    }

    /// The temperature sensors of one of DCMI's entities, in the order of their instances; `None` if
    /// it is not one of them.
    pub(crate) fn temperatures(&self, entity: u8) -> Option<Vec<Temperature>> {
        // DCMI v1.5 Table 6-14: each has a number that IPMI knows, too.
        let pair = [[0x40, 0x37], [0x41, 0x03], [0x42, 0x07]];
        let pair = pair.into_iter().find(|pair| pair.contains(&entity))?;
        let records = self.sdr.iter().chain(&self.device_sdr).flat_map(SdrRepository::understood);
        let mut found: Vec<_> = records
            .filter_map(|record| {
                let sensor = record.sensor()?;
                let its = record.entity().filter(|entity| pair.contains(&entity.id))?;
                let fits = sensor.sensor_type == SensorType::TEMPERATURE
                    && sensor.event_type.is_threshold()
                    && record.sensor_number() == Some(sensor.key.number);
                let found = Temperature { number: sensor.key.number, record: record.record_id() };
                fits.then_some((its.instance, found))
            })
            .collect();
        found.sort_by_key(|(instance, _)| *instance);
        Some(found.into_iter().map(|(_, sensor)| sensor).collect())
    }

    /// Sees to what has passed one of DCMI's limits.
    fn heed_limits(&mut self, now: Instant) {
        if self.dcmi.thermal.act() {
            let on = self.platform.is_on();
            let inlets = self.temperatures(INLET).unwrap_or_default();
            for (instance, sensor) in (1..=u8::MAX).zip(inlets) {
                // What says nothing is not above anything.
                let celsius = self.sensors.value(now, sensor.number).unwrap_or(f64::MIN);
                self.dcmi.thermal.look(now, instance, sensor.number, celsius, on);
            }
        }
        while let Some(passed) = self.dcmi.poll() {
            // A generic event, "limit exceeded" (Table 42-2, type 05h): DCMI names none of its own.
            let event = PlatformEvent {
                generator: None,
                evm_rev: SelRecord::EVM_REV,
                sensor_type: match passed.sensor {
                    Some(_) => SensorType::TEMPERATURE,
                    None => SensorType::POWER_UNIT,
                },
                sensor_number: passed.sensor.unwrap_or(0),
                assertion: true,
                event_type: EventReadingType(0x05),
                data: [0x01, 0xff, 0xff],
            };
            let record = event.to_record(0, self.clock.now(now), BMC_ADDRESS.into());
            // A full log has noted that it lost an event; the machine goes off all the same.
            let _ = self.take_event(now, record);
            if passed.power_off {
                let _ = self.control(now, PowerAction::Off, NOBODY);
                self.look_after_turns(now);
            }
        }
    }

    /// Forgets what was true of a machine that has gone on or off since, or was reset.
    pub(crate) fn look_after_turns(&mut self, now: Instant) {
        if self.chassis.has_turned() {
            self.watchdog.forget(now);
            // Whoever asked for it, and would fetch it, is gone. §22.1 lets events be logged again.
            self.messages = Messages::default();
            self.pef.note_turn(now, self.platform.is_on());
            self.acpi.forget();
            self.system_info.forget_running_system();
            let on = self.platform.is_on();
            if let Some(port) = &mut self.serial {
                port.set_power(now, on);
            }
        }
    }

    /// Carries out what the watchdog wants.
    fn heed_watchdog(&mut self, now: Instant) {
        while let Some(due) = self.watchdog.poll(now) {
            // Table 42-3: bytes 2 and 3 of event data are the sensor's own and unspecified.
            let data = EventDataBytes::WriteButOffset([0xc0, due.detail, 0xff]);
            self.report_watchdog(now, due.logged.then_some(data));
            self.settle(now);
            // What the machine cannot do, or what does not apply to one that is off, is told all the
            // same: the time has run out.
            let _ = match due.what {
                Deed::Interrupt(by) => {
                    self.messages.warn(by);
                    match by {
                        PreTimeoutInterrupt::Nmi => {
                            self.control(now, PowerAction::DiagnosticInterrupt, WATCHDOG)
                        }
                        _ => Ok(()),
                    }
                }
                Deed::Action(TimeoutAction::None) => Ok(()),
                Deed::Action(TimeoutAction::Reset) => {
                    self.control(now, PowerAction::Reset, WATCHDOG)
                }
                Deed::Action(TimeoutAction::PowerDown) => {
                    self.control(now, PowerAction::Off, WATCHDOG)
                }
                Deed::Action(TimeoutAction::PowerCycle) => self.cycle(now, WATCHDOG, WATCHDOG),
            };
            self.look_after_turns(now);
        }
    }

    /// A power cycle that nobody commands, so that nobody is there to be told that it cannot be: a machine
    /// that could not be switched on again is reset. Either brings back one that hangs; to do nothing
    /// does not.
    fn cycle(
        &mut self,
        now: Instant,
        by: SystemRestartCause,
        reset_by: SystemRestartCause,
    ) -> Result<(), CompletionCode> {
        match self.platform.can_switch_on() {
            true => self.control(now, PowerAction::Cycle, by),
            false => self.control(now, PowerAction::Reset, reset_by),
        }
    }

    /// Lets the watchdog's sensor see its states; with event data, also what is new.
    pub(crate) fn report_watchdog(&mut self, now: Instant, data: Option<EventDataBytes>) {
        self.sensors.report_as(now, SensorType::WATCHDOG_2, self.watchdog.states(), data);
    }

    /// Takes in an event: it goes into the log, to software, and to the filters, as these want it.
    ///
    /// # Errors
    /// C4h if the log is full. Software has not seen the event then; it is filtered all the same
    /// (§30.6 has a record ID for it).
    pub(crate) fn take_event(
        &mut self,
        now: Instant,
        event: SelRecord,
    ) -> Result<(), CompletionCode> {
        match self.messages.enables().logging {
            true => self.log(now, event).map(drop),
            false => {
                self.messages.offer(&event);
                self.pef.offer(now, None, event);
                Ok(())
            }
        }
    }

    /// Takes in an event that is logged in any case.
    pub(crate) fn log(&mut self, now: Instant, event: SelRecord) -> Result<u16, CompletionCode> {
        let added = self.tell(now, event);
        self.pef.offer(now, added.ok(), event);
        added
    }

    /// Logs an event that is not filtered, and offers it to software.
    fn tell(&mut self, now: Instant, event: SelRecord) -> Result<u16, CompletionCode> {
        let time = self.clock.now(now);
        let id = self.sel.add(event, time, &mut self.journal)?;
        self.messages.offer(&event);
        Ok(id)
    }

    /// Carries out what filters want that events have matched. What comes of that waits for the next
    /// time: a filter that answers a reset with a reset does not keep everybody else from theirs.
    pub(crate) fn heed_filters(&mut self, now: Instant) {
        for _ in 0..self.pef.waiting() {
            let Some(Due { actions, told }) = self.pef.poll(now, &mut self.journal) else { return };
            let bits = actions.bits();
            if bits == 0 {
                continue;
            }
            if told && self.messages.enables().logging {
                // Table 42-3, System Event, offset 4: the actions are about to be taken.
                let event = PlatformEvent {
                    generator: None,
                    evm_rev: SelRecord::EVM_REV,
                    sensor_type: SensorType::SYSTEM_EVENT,
                    sensor_number: 0,
                    assertion: true,
                    event_type: EventReadingType(0x6f),
                    data: [0xc4, bits, 0xff],
                };
                let record = event.to_record(0, self.clock.now(now), BMC_ADDRESS.into());
                // A full log has noted that it lost an event.
                let _ = self.tell(now, record);
            }
            // What the machine cannot do, or what does not apply to one that is off, is told all the
            // same: the event was there.
            let _ = match actions {
                PefActions { power_down: true, .. } => self.control(now, PowerAction::Off, NOBODY),
                PefActions { power_cycle: true, .. } => {
                    let [cycle, reset] = [RestartCause::PefPowerCycle, RestartCause::PefReset];
                    self.cycle(now, by_itself(cycle), by_itself(reset))
                }
                PefActions { reset: true, .. } => {
                    self.control(now, PowerAction::Reset, by_itself(RestartCause::PefReset))
                }
                PefActions { diagnostic_interrupt: true, .. } => {
                    self.control(now, PowerAction::DiagnosticInterrupt, NOBODY)
                }
                _ => Ok(()),
            };
            self.look_after_turns(now);
            self.sensors.advance(now, &mut *self.platform);
            self.settle(now);
        }
        self.pef.pause(now);
    }

    pub(crate) fn machine(&mut self) -> (&mut Chassis, Machine<'_>) {
        let machine = Machine {
            platform: &mut *self.platform,
            boot: &mut self.boot,
            restore_policy: self.restore_policy,
        };
        (&mut self.chassis, machine)
    }
}

/// A temperature sensor and its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Temperature {
    /// Its number.
    pub(crate) number: u8,
    /// The record's ID.
    pub(crate) record: u16,
}

/// DCMI's entity for the air at the inlet.
const INLET: u8 = 0x40;

/// Who switches the machine off for a limit: nothing that a restart could be the cause of.
const NOBODY: SystemRestartCause =
    SystemRestartCause { cause: RestartCause::Unknown, channel: Channel::new(0) };

/// Who acts on the machine's power when the watchdog does.
const WATCHDOG: SystemRestartCause =
    SystemRestartCause { cause: RestartCause::Watchdog, channel: Channel::new(0) };
