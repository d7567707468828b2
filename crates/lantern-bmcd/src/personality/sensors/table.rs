//! The list itself, and the codings that its values use.

use ipmi_wire::sdr::{AnalogFormat, Direction, EntityId, Factors, SensorType, UnitCode};

use super::{Analog, Discrete, Kind, Probe, Scale, Sensor};

/// All sensors, by number.
#[rustfmt::skip]
pub static SENSORS: &[Sensor] = &[
    temperature(0x01, "CPU1 Temp", Probe::CpuTemperature(0), (PROCESSOR, 1), 55.0, (20.0, 80.0), [85.0, 95.0, 100.0]),
    temperature(0x02, "CPU2 Temp", Probe::CpuTemperature(1), (PROCESSOR, 2), 55.0, (20.0, 80.0), [85.0, 95.0, 100.0]),
    temperature(0x03, "Inlet Temp", Probe::InletTemperature, (INLET, 1), 24.0, (10.0, 35.0), [38.0, 42.0, 46.0]),
    temperature(0x04, "Exhaust Temp", Probe::ExhaustTemperature, (CHASSIS, 1), 32.0, (10.0, 55.0), [60.0, 68.0, 75.0]),
    temperature(0x05, "PCH Temp", Probe::PchTemperature, (BOARD, 1), 44.0, (20.0, 70.0), [85.0, 90.0, 95.0]),
    temperature(0x06, "DIMM A Temp", Probe::DimmTemperature(0), (MEMORY, 1), 39.0, (20.0, 70.0), [80.0, 85.0, 90.0]),
    temperature(0x07, "DIMM B Temp", Probe::DimmTemperature(1), (MEMORY, 2), 40.0, (20.0, 70.0), [80.0, 85.0, 90.0]),
    temperature(0x08, "VRM Temp", Probe::VrmTemperature, (CONVERTER, 1), 50.0, (20.0, 85.0), [95.0, 100.0, 105.0]),

    fan(0x10, "FAN1", Probe::FanSpeed(0), (FAN, 1)),
    fan(0x11, "FAN2", Probe::FanSpeed(1), (FAN, 2)),
    fan(0x12, "FAN3", Probe::FanSpeed(2), (FAN, 3)),
    fan(0x13, "FAN4", Probe::FanSpeed(3), (FAN, 4)),
    fan(0x14, "FAN5", Probe::FanSpeed(4), (FAN, 5)),
    fan(0x15, "FAN6", Probe::FanSpeed(5), (FAN, 6)),

    voltage(0x20, "12V", Probe::Rail12, (BOARD, 1), &VOLTS_16, 12.0, [0.05, 0.07, 0.10]),
    voltage(0x21, "5V", Probe::Rail5, (BOARD, 1), &VOLTS_6, 5.0, [0.05, 0.08, 0.12]),
    voltage(0x22, "3.3V", Probe::Rail3v3, (BOARD, 1), &VOLTS_4, 3.3, [0.05, 0.08, 0.12]),
    voltage(0x23, "3.3V Standby", Probe::Standby3v3, (BOARD, 1), &VOLTS_4, 3.3, [0.05, 0.08, 0.12]),
    voltage(0x24, "CPU1 Vcore", Probe::CpuVcore(0), (PROCESSOR, 1), &VOLTS_CORE, 1.0, [0.25, 0.30, 0.35]),
    voltage(0x25, "CPU2 Vcore", Probe::CpuVcore(1), (PROCESSOR, 2), &VOLTS_CORE, 1.0, [0.25, 0.30, 0.35]),
    voltage(0x26, "DIMM AB VDDQ", Probe::DimmVddq(0), (MEMORY, 1), &VOLTS_CORE, 1.2, [0.05, 0.08, 0.12]),
    voltage(0x27, "DIMM CD VDDQ", Probe::DimmVddq(1), (MEMORY, 2), &VOLTS_CORE, 1.2, [0.05, 0.08, 0.12]),
    battery(0x28, "VBAT", Probe::Battery, (BATTERY, 1)),

    draw(0x30, "PSU1 Input", Probe::PsuInput(0), (SUPPLY, 1), &WATTS_1020, 190.0, [0.0, 600.0, 700.0, 800.0]),
    draw(0x31, "PSU2 Input", Probe::PsuInput(1), (SUPPLY, 2), &WATTS_1020, 185.0, [0.0, 600.0, 700.0, 800.0]),
    draw(0x32, "Total Power", Probe::TotalPower, (CHASSIS, 1), &WATTS_2040, 376.0, [0.0, 1200.0, 1400.0, 1600.0]),
    draw(0x33, "CPU1 Power", Probe::CpuPower(0), (PROCESSOR, 1), &WATTS_510, 96.0, [30.0, 205.0, 225.0, 250.0]),
    draw(0x34, "CPU2 Power", Probe::CpuPower(1), (PROCESSOR, 2), &WATTS_510, 96.0, [30.0, 205.0, 225.0, 250.0]),
    draw(0x38, "PSU1 Current", Probe::PsuCurrent(0), (SUPPLY, 1), &AMPS_102, 15.0, [0.0, 50.0, 60.0, 68.0]),
    draw(0x39, "PSU2 Current", Probe::PsuCurrent(1), (SUPPLY, 2), &AMPS_102, 15.0, [0.0, 50.0, 60.0, 68.0]),

    // Physical security: general chassis intrusion.
    discrete(0x40, "Chassis Intru", Probe::Intrusion, (CHASSIS, 1), SensorType::PHYSICAL_SECURITY, [0x0001, 0x0001, 0x0001]),
    // Power supply: presence, failure, predictive failure, input lost.
    discrete(0x41, "PSU1 Status", Probe::PsuStatus(0), (SUPPLY, 1), SensorType::POWER_SUPPLY, [0x000f, 0x000f, 0x000f]),
    discrete(0x42, "PSU2 Status", Probe::PsuStatus(1), (SUPPLY, 2), SensorType::POWER_SUPPLY, [0x000f, 0x000f, 0x000f]),
    // Processor: IERR, thermal trip, presence, throttled.
    discrete(0x43, "CPU1 Status", Probe::CpuStatus(0), (PROCESSOR, 1), SensorType::PROCESSOR, [0x0483, 0x0403, 0x0403]),
    discrete(0x44, "CPU2 Status", Probe::CpuStatus(1), (PROCESSOR, 2), SensorType::PROCESSOR, [0x0483, 0x0403, 0x0403]),
    // System ACPI power state: S0/G0, S5/G2.
    discrete(0x45, "ACPI State", Probe::AcpiState, (BOARD, 1), SensorType::ACPI_POWER_STATE, [0x0021, 0x0021, 0x0000]),
    // Watchdog 2: timer expired, hard reset, power down, power cycle, timer interrupt.
    discrete(0x46, "Watchdog", Probe::Watchdog, (MANAGEMENT, 1), SensorType::WATCHDOG_2, [0x010f, 0x010f, 0x0000]),
    // Event logging disabled: log cleared, log full, log almost full. That this is over goes without
    // saying: a log that somebody has cleared stays empty.
    discrete(0x47, "SEL Fullness", Probe::EventLog, (MANAGEMENT, 1), SensorType::EVENT_LOGGING_DISABLED, [0x0034, 0x0034, 0x0000]),
];

/// A temperature, with its upper thresholds from non-critical to non-recoverable.
const fn temperature(
    number: u8,
    name: &'static str,
    probe: Probe,
    entity: (u8, u8),
    nominal: f64,
    normal: (f64, f64),
    [worry, critical, damage]: [f64; 3],
) -> Sensor {
    let limits = [None, None, None, Some(worry), Some(critical), Some(damage)];
    let analog = Analog { scale: &CELSIUS, nominal, normal, limits };
    sensor(number, name, probe, entity, Kind::Analog(analog))
}

/// A fan: only too slow is bad.
const fn fan(number: u8, name: &'static str, probe: Probe, entity: (u8, u8)) -> Sensor {
    let limits = [Some(1200.0), Some(900.0), Some(600.0), None, None, None];
    let analog = Analog { scale: &RPM, nominal: 4800.0, normal: (3000.0, 12_300.0), limits };
    sensor(number, name, probe, entity, Kind::Analog(analog))
}

/// A voltage, with the shares of the nominal value by which it may deviate: non-critical,
/// critical, non-recoverable.
const fn voltage(
    number: u8,
    name: &'static str,
    probe: Probe,
    entity: (u8, u8),
    scale: &'static Scale,
    nominal: f64,
    [worry, critical, damage]: [f64; 3],
) -> Sensor {
    let limits = [
        Some(nominal * (1.0 - worry)),
        Some(nominal * (1.0 - critical)),
        Some(nominal * (1.0 - damage)),
        Some(nominal * (1.0 + worry)),
        Some(nominal * (1.0 + critical)),
        Some(nominal * (1.0 + damage)),
    ];
    let normal = (nominal * (1.0 - worry), nominal * (1.0 + worry));
    sensor(number, name, probe, entity, Kind::Analog(Analog { scale, nominal, normal, limits }))
}

/// The clock battery: only too empty is bad.
const fn battery(number: u8, name: &'static str, probe: Probe, entity: (u8, u8)) -> Sensor {
    let limits = [Some(2.6), Some(2.4), Some(2.2), None, None, None];
    let analog = Analog { scale: &VOLTS_4, nominal: 3.0, normal: (2.7, 3.3), limits };
    sensor(number, name, probe, entity, Kind::Analog(analog))
}

/// A power or a current, with its upper thresholds, non-critical and critical.
const fn draw(
    number: u8,
    name: &'static str,
    probe: Probe,
    entity: (u8, u8),
    scale: &'static Scale,
    nominal: f64,
    [least, most, worry, critical]: [f64; 4],
) -> Sensor {
    let limits = [None, None, None, Some(worry), Some(critical), None];
    let analog = Analog { scale, nominal, normal: (least, most), limits };
    sensor(number, name, probe, entity, Kind::Analog(analog))
}

/// A discrete sensor, with its states, assertion events and deassertion events.
const fn discrete(
    number: u8,
    name: &'static str,
    probe: Probe,
    entity: (u8, u8),
    sensor_type: SensorType,
    [states, assertions, deassertions]: [u16; 3],
) -> Sensor {
    let discrete = Discrete { sensor_type, states, assertions, deassertions };
    sensor(number, name, probe, entity, Kind::Discrete(discrete))
}

const fn sensor(
    number: u8,
    name: &'static str,
    probe: Probe,
    (id, instance): (u8, u8),
    kind: Kind,
) -> Sensor {
    Sensor { number, name, probe, entity: EntityId::new(id, instance), kind }
}

// Entities. Spec: IPMI v2.0 §43.14, Table 43-13.
const PROCESSOR: u8 = 0x03;
const MANAGEMENT: u8 = 0x06;
const BOARD: u8 = 0x07;
const MEMORY: u8 = 0x08;
const SUPPLY: u8 = 0x0a;
const CONVERTER: u8 = 0x14;
const CHASSIS: u8 = 0x17;
const FAN: u8 = 0x1d;
const BATTERY: u8 = 0x28;
const INLET: u8 = 0x40;

/// Whole degrees.
static CELSIUS: Scale = Scale {
    sensor_type: SensorType::TEMPERATURE,
    unit: UnitCode::DEGREES_C,
    format: AnalogFormat::TwosComplement,
    factors: Factors::IDENTITY,
    range: (-40.0, 127.0),
    hysteresis: 2,
};
/// Steps of 60 RPM.
static RPM: Scale = Scale {
    sensor_type: SensorType::FAN,
    unit: UnitCode::RPM,
    format: AnalogFormat::Unsigned,
    factors: Factors { m: 60, ..Factors::IDENTITY },
    range: (0.0, 15_300.0),
    hysteresis: 2,
};
/// Steps of 63 mV.
static VOLTS_16: Scale = volts(Factors { m: 63, ..MILLI }, (0.0, 16.065));
/// Steps of 26 mV.
static VOLTS_6: Scale = volts(Factors { m: 26, ..MILLI }, (0.0, 6.63));
/// Steps of 17 mV.
static VOLTS_4: Scale = volts(Factors { m: 17, ..MILLI }, (0.0, 4.335));
/// Steps of 5 mV from 400 mV: a converter that spends no codes on what never occurs.
static VOLTS_CORE: Scale = volts(Factors { m: 5, b: 40, b_exp: 1, ..MILLI }, (0.4, 1.675));
/// Steps of 2 W.
static WATTS_510: Scale = watts(Factors { m: 2, ..Factors::IDENTITY }, (0.0, 510.0));
/// Steps of 4 W.
static WATTS_1020: Scale = watts(Factors { m: 4, ..FROM_MAINS }, (0.0, 1020.0));
/// Steps of 8 W.
static WATTS_2040: Scale = watts(Factors { m: 8, ..FROM_MAINS }, (0.0, 2040.0));
/// Steps of 400 mA.
static AMPS_102: Scale = Scale {
    sensor_type: SensorType::CURRENT,
    unit: UnitCode::AMPS,
    format: AnalogFormat::Unsigned,
    factors: Factors { m: 4, r_exp: -1, direction: Direction::Output, ..Factors::IDENTITY },
    range: (0.0, 102.0),
    hysteresis: 2,
};

const MILLI: Factors = Factors { r_exp: -3, ..Factors::IDENTITY };
const FROM_MAINS: Factors = Factors { direction: Direction::Input, ..Factors::IDENTITY };

const fn volts(factors: Factors, range: (f64, f64)) -> Scale {
    Scale {
        sensor_type: SensorType::VOLTAGE,
        unit: UnitCode::VOLTS,
        format: AnalogFormat::Unsigned,
        factors,
        range,
        hysteresis: 1,
    }
}

const fn watts(factors: Factors, range: (f64, f64)) -> Scale {
    Scale {
        sensor_type: SensorType::OTHER_UNITS,
        unit: UnitCode::WATTS,
        format: AnalogFormat::Unsigned,
        factors,
        range,
        hysteresis: 2,
    }
}
