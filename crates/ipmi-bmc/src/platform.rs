//! What a BMC is soldered to: the machine it manages, seen from the controller.

use std::time::Instant;

use ipmi_wire::cmd::chassis::BootDevice;

/// The managed machine.
///
/// Everything that takes `now` may be called with the same or a later instant, never an earlier
/// one. Nothing here blocks: a platform that needs time for a measurement says so with
/// [`Scan::Pending`], and sees to it that somebody looks when it has one.
pub trait Platform: Send {
    /// Lets the machine live until `now`.
    fn advance(&mut self, now: Instant);

    /// When [`advance`](Self::advance) next has something to do; `None` if nothing is pending.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Whether the machine's main power is on.
    fn is_on(&self) -> bool;

    /// Whether the machine can be switched on from here. One that cannot is not switched off to be
    /// switched on again, either.
    fn can_switch_on(&self) -> bool {
        true
    }

    /// Acts on the machine's power. Asking for the state that it already has does nothing.
    ///
    /// # Errors
    /// [`PlatformError`] if the machine cannot do it.
    fn power(&mut self, now: Instant, action: PowerSignal) -> Result<(), PlatformError>;

    /// Whether the machine has something of this kind to start from.
    fn can_boot_from(&self, device: BootDevice) -> bool {
        !matches!(device.0, 0x0a | 0x0c..=0x0e | 0x10..)
    }

    /// Leaves for the machine's firmware from what to start; `None` is as it is set up. The BMC says
    /// it just before each start that it causes, and just after each that it learns of: firmware
    /// does not look before it has got that far. It holds for that one start.
    fn boot_from(&mut self, now: Instant, order: Option<BootOrder>) {
        let _ = (now, order);
    }

    /// What stands for the machine in all that is not its power: light, sensors, what it draws, the
    /// hand of somebody in front of it. The methods below ask that one, if it is not the machine itself.
    fn body(&mut self) -> Option<&mut dyn Platform> {
        None
    }

    /// Sets the identification light.
    fn identify(&mut self, now: Instant, light: IdentifyLight) {
        if let Some(body) = self.body() {
            body.identify(now, light);
        }
    }

    /// Scans sensor `number` of the BMC's own (LUN 0): measures it now, or begins to.
    fn start_scan(&mut self, now: Instant, number: u8) -> Scan {
        self.body()
            .map_or(Scan::Done(Measurement::Unavailable), |body| body.start_scan(now, number))
    }

    /// What a sensor has been found to say: by a scan that was [`Scan::Pending`], or because it has
    /// something to tell unasked. To be asked until there is none.
    fn poll_scan(&mut self) -> Option<(u8, Measurement)> {
        self.body()?.poll_scan()
    }

    /// What the machine draws from its mains, in watts; `None` if that is not measured. It may be
    /// asked for instants before those of other calls, never before an earlier one of its own.
    fn power_draw(&mut self, now: Instant) -> Option<f64> {
        self.body()?.power_draw(now)
    }

    /// Has the machine draw so many watts at most, as far as it can; `None` as many as it likes. A
    /// machine that cannot does nothing.
    fn limit_power(&mut self, now: Instant, watts: Option<u16>) {
        if let Some(body) = self.body() {
            body.limit_power(now, watts);
        }
    }

    /// What happened at the machine that the BMC did not ask for, oldest first.
    fn poll_event(&mut self) -> Option<PlatformEvent>;

    /// Does to the machine what the controller has no line for: the hand of somebody in front of
    /// it. What a sensor is made to say is what [`poll_scan`](Self::poll_scan) tells next.
    ///
    /// # Errors
    /// [`PlatformError::Unsupported`] from a machine that nobody can do this to.
    fn intervene(&mut self, now: Instant, what: Intervention) -> Result<(), PlatformError> {
        self.body().map_or(Err(PlatformError::Unsupported), |body| body.intervene(now, what))
    }
}

/// What is done to a machine from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Intervention {
    /// Its lid is opened or closed.
    Lid {
        /// Which of the two.
        open: bool,
    },
    /// A sensor says this, whatever is true; with `None` it tells the truth again.
    Sensor {
        /// Sensor number on LUN 0.
        number: u8,
        /// What it says.
        says: Option<Measurement>,
    },
}

/// What the BMC can do to the machine's power lines. A power cycle is the BMC's own sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerSignal {
    /// Switch main power on.
    On,
    /// Switch main power off at once.
    Off,
    /// Pulse the reset line.
    Reset,
    /// Pulse a diagnostic interrupt (NMI).
    DiagnosticInterrupt,
    /// Ask the operating system to shut down.
    SoftShutdown,
}

/// From what a machine is to start, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootOrder {
    /// From what.
    pub device: BootDevice,
    /// Which of several of its kind, 5 bits; 0 is any.
    pub instance: u8,
    /// By EFI, not by PC-compatible firmware.
    pub efi: bool,
    /// It is meant for all later starts, too; the BMC says so again each time.
    pub persistent: bool,
}

/// Why the machine does not do as told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// This machine has no such line.
    #[error("the machine has no such control")]
    Unsupported,
    /// Not in the state that the machine is in now.
    #[error("not possible in the machine's present state")]
    WrongState,
    /// The machine did not react.
    #[error("the machine does not react")]
    Failed,
}

/// The identification light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IdentifyLight {
    /// Dark.
    #[default]
    Off,
    /// On until this instant.
    Until(Instant),
    /// On until told otherwise.
    Indefinitely,
}

/// What a sensor says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measurement {
    /// A physical value in the base unit of the sensor's SDR.
    Value(f64),
    /// The asserted states of a discrete sensor, bit 0 being offset 0.
    States(u16),
    /// Nothing can be said, now.
    Unavailable,
}

/// What becomes of a scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scan {
    /// This was measured.
    Done(Measurement),
    /// It takes its time; [`Platform::poll_scan`] gives the outcome. Until then the bus is busy.
    Pending,
}

/// Something that happened at the machine by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlatformEvent {
    /// Main power came on, for this reason. With [`PowerCause::Mains`], the mains have failed
    /// before.
    PoweredOn(PowerCause),
    /// Main power went off, for this reason.
    PoweredOff(PowerCause),
    /// The machine was reset, for this reason.
    Reset(PowerCause),
    /// The machine was told to come on, and is off all the same.
    StayedOff,
    /// The operating system has stopped for a mistake that it cannot mend. The machine is on.
    Panicked,
}

/// Who changed the machine's power, other than the BMC on a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerCause {
    /// A button on the front panel.
    Button,
    /// The operating system.
    OperatingSystem,
    /// The mains failed or came back.
    Mains,
    /// Nobody: the machine itself has failed.
    Fault,
}
