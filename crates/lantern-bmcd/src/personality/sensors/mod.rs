//! The reference machine's sensors: one list, from which its SDRs are written and its measurements
//! are taken.

use ipmi_wire::sdr::{AnalogFormat, EntityId, Factors, SensorType, ThresholdKind, UnitCode};

mod table;

pub use table::SENSORS;

/// What there is to be measured in the machine. The indices count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Temperature of a CPU.
    CpuTemperature(usize),
    /// Temperature of the air that comes in.
    InletTemperature,
    /// Temperature of the air that goes out.
    ExhaustTemperature,
    /// Temperature of the chipset.
    PchTemperature,
    /// Temperature of a bank of memory modules.
    DimmTemperature(usize),
    /// Temperature of the voltage regulators.
    VrmTemperature,
    /// Speed of a fan.
    FanSpeed(usize),
    /// Main 12 V rail.
    Rail12,
    /// Main 5 V rail.
    Rail5,
    /// Main 3.3 V rail.
    Rail3v3,
    /// Standby 3.3 V rail, there whenever the mains are.
    Standby3v3,
    /// Core voltage of a CPU.
    CpuVcore(usize),
    /// Supply voltage of a bank of memory modules.
    DimmVddq(usize),
    /// Clock battery.
    Battery,
    /// Power that a CPU draws.
    CpuPower(usize),
    /// Power that a power supply takes from the mains.
    PsuInput(usize),
    /// Current that a power supply gives.
    PsuCurrent(usize),
    /// Power that the whole machine takes from the mains.
    TotalPower,
    /// Whether the lid is open.
    Intrusion,
    /// Presence of a power supply.
    PsuStatus(usize),
    /// Presence of a CPU.
    CpuStatus(usize),
    /// Whether the system works or is soft-off.
    AcpiState,
    /// Watchdog expirations, which only the BMC itself knows.
    Watchdog,
    /// How full the event log is, which only the BMC itself knows.
    EventLog,
}

/// One sensor of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    /// Sensor number on LUN 0.
    pub number: u8,
    /// ID string, at most 16 bytes.
    pub name: &'static str,
    /// What it measures.
    pub probe: Probe,
    /// What it belongs to.
    pub entity: EntityId,
    /// How it reads.
    pub kind: Kind,
}

/// How a sensor reads.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A physical value, with thresholds.
    Analog(Analog),
    /// States.
    Discrete(Discrete),
}

/// What distinguishes one physical quantity from another, in the scale's unit.
#[derive(Clone, Copy, Debug)]
pub struct Analog {
    /// How it is coded.
    pub scale: &'static Scale,
    /// What it says on a good day.
    pub nominal: f64,
    /// Lowest and highest value in normal operation.
    pub normal: (f64, f64),
    /// The thresholds that it has, in the order of [`ThresholdKind::ALL`].
    pub limits: [Option<f64>; 6],
}

impl Analog {
    /// The thresholds that it has.
    pub fn thresholds(&self) -> impl Iterator<Item = (ThresholdKind, f64)> {
        let all = ThresholdKind::ALL.into_iter().zip(self.limits);
        all.filter_map(|(kind, limit)| Some((kind, limit?)))
    }
}

/// How one kind of physical value is coded in a byte.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// What kind of value it is.
    pub sensor_type: SensorType,
    /// Base unit.
    pub unit: UnitCode,
    /// How the byte is a number.
    pub format: AnalogFormat,
    /// How the number is a value.
    pub factors: Factors,
    /// Lowest and highest value that the sensor can tell.
    pub range: (f64, f64),
    /// Hysteresis in raw counts.
    pub hysteresis: u8,
}

impl Scale {
    /// The nearest raw reading for a value in the base unit.
    #[must_use]
    pub fn raw(&self, value: f64) -> u8 {
        self.factors.raw(value, self.format)
    }
}

/// What a discrete sensor can say, one bit per state offset. All are of event type 6Fh.
#[derive(Clone, Copy, Debug)]
pub struct Discrete {
    /// Which states there are.
    pub sensor_type: SensorType,
    /// The states that it can report.
    pub states: u16,
    /// The states whose assertion is an event.
    pub assertions: u16,
    /// The states whose deassertion is an event.
    pub deassertions: u16,
}

/// The sensor of this number.
#[must_use]
pub fn by_number(number: u8) -> Option<&'static Sensor> {
    SENSORS.iter().find(|sensor| sensor.number == number)
}

/// The sensor that measures this.
#[must_use]
pub fn by_probe(probe: Probe) -> Option<&'static Sensor> {
    SENSORS.iter().find(|sensor| sensor.probe == probe)
}
