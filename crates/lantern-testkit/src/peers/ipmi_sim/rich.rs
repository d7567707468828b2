//! A machine with some of everything: each function of a reading, states, locators, inventory,
//! events of all kinds. All by hand, like the reference machine.

use super::machine::{Machine, Satellite};
use super::sensor::{Form, PLAIN, Sensor, States, record};

impl Machine {
    /// The reference machine, and much more.
    #[must_use]
    pub fn rich() -> Self {
        let mut machine = Self::default();
        machine.sensors.extend(functions());
        machine.states = vec![
            states(0x40, "Lid", 0x05, 0x6f, 0x17, 0b1),
            states(0x41, "PSU Status", 0x08, 0x6f, 0x0a, 0b1001),
            states(0x42, "Fan Presence", 0x04, 0x08, 0x1d, 0b10),
            states(0x43, "Redundancy", 0x09, 0x0b, 0x0a, 0b1),
            states(0x44, "Quiet", 0x0d, 0x6f, 0x04, 0),
        ];
        machine.records = records();
        machine.events.extend(events());
        machine.frus = vec![inventory("Board One"), inventory("Riser")];
        machine
    }
}

impl Machine {
    /// The reference machine with two controllers behind its BMC, at 30h and 32h, and records of a
    /// third one, at 40h, that is not there.
    #[must_use]
    pub fn with_satellites() -> Self {
        let warm = [100, 90, 80, 5, 3, 1];
        let sensor = |number, name: &str, raw| Sensor {
            number,
            name: name.to_owned(),
            raw,
            thresholds: warm,
            ..PLAIN
        };
        let satellite = |address, device_id, sensors, name| Satellite {
            address,
            device_id,
            sensors,
            frus: vec![inventory(name)],
        };
        // Slave address, channel, power and initialization, sensors and FRU inventory; a board.
        let locator = |address, name| {
            record(0x12, &[address, 0x00, 0x00, 0x09, 0, 0, 0, 0x07, 0x02, 0x00], name)
        };
        let gone = [sensor(1, "Gone Temp", 0), sensor(2, "Gone Too", 0)];
        let mut records: Vec<_> = gone.iter().map(|sensor| sensor.record_of(0x40)).collect();
        records.extend([
            locator(0x30, "Sat A"),
            locator(0x32, "Sat B"),
            locator(0x40, "Sat Gone"),
            // At address 30h, device 0, logical.
            record(0x11, &[0x30, 0, 0x80, 0x00, 0x00, 0x10, 0x00, 0x07, 0x02, 0x00], "Sat A Board"),
        ]);
        Self {
            // The same number as the BMC's own first sensor, and one of the other satellite's.
            satellites: vec![
                satellite(
                    0x30,
                    0x77,
                    vec![sensor(1, "Sat Temp", 51), sensor(2, "Sat Hot", 85)],
                    "Satellite A",
                ),
                satellite(0x32, 0x78, vec![sensor(1, "Other Temp", 33)], "Satellite B"),
            ],
            records,
            frus: vec![inventory("Board One")],
            ..Self::default()
        }
    }
}

/// Every function, the forms of numbers in turns, each on a line on which it has a value.
fn functions() -> Vec<Sensor> {
    let forms = [
        (Form::Unsigned, "u", 90, [200, 170, 140, 60, 40, 20]),
        // -15 and -24; the thresholds are around them.
        (Form::OnesComplement, "1", 0xf0, [40, 20, 5, 0xe0, 0xd0, 0xc0]),
        (Form::TwosComplement, "2", 0xe8, [40, 20, 5, 0xd8, 0xc8, 0xb8]),
    ];
    let mut sensors = Vec::new();
    for function in 0..12 {
        for (form, letter, raw, thresholds) in forms {
            // Nowhere below zero for logarithms and roots, and not too steep for powers.
            let (m, b, r_exponent) = match function {
                4..=6 => (3, 1, -2),
                7..=9 => (2, 7, -2),
                _ => (2, 300, 0),
            };
            sensors.push(Sensor {
                number: 0x50 + u8::try_from(sensors.len()).expect("36"),
                name: format!("f{function} {letter}"),
                kind: 0x0b,
                unit: 6,
                form,
                function,
                m,
                b,
                r_exponent,
                raw,
                thresholds,
                ..PLAIN
            });
        }
    }
    sensors
}

fn states(number: u8, name: &str, kind: u8, event_type: u8, entity: u8, asserted: u16) -> States {
    States { number, name: name.to_owned(), kind, event_type, entity, asserted }
}

/// Locators, an event-only sensor and an OEM's. IPMI v2.0 §43.3, §43.7 to §43.9, §43.12.
fn records() -> Vec<Vec<u8>> {
    // At address 20h, device 0 and 1, logical, LUN and bus 0; FRU inventory; a system board.
    let fru = |device, name| {
        record(0x11, &[0x20, device, 0x80, 0x00, 0x00, 0x10, 0x00, 0x07, 0x01, 0x00], name)
    };
    let mut oem = vec![0x00, 0x00, 0x51, 0xc0, 0x06];
    // IANA's number for documentation: 32473.
    oem.extend([0xd9, 0x7e, 0x00, 1, 2, 3]);
    vec![
        // Owner, LUN, number, entity, sensor type, event type, sharing: one.
        record(0x03, &[0x20, 0x00, 0x48, 0x22, 0x01, 0x0f, 0x6f, 0x01, 0x00, 0x00, 0x00], "POST"),
        // Slave address, channel, power state, initialization, capabilities; a management module.
        record(0x12, &[0x20, 0x00, 0x00, 0x00, 0x9f, 0, 0, 0, 0x06, 0x01, 0x00], "BMC"),
        // Access address, slave address, span, device type; a system board.
        record(0x10, &[0x20, 0x98, 0x00, 0x00, 0x00, 0x0f, 0x00, 0x07, 0x01, 0x00], "LM75"),
        fru(0, "Main Board"),
        fru(1, "Riser"),
        oem,
    ]
}

fn events() -> Vec<(u8, [u8; 13])> {
    let system = |kind, number, event_type, data: [u8; 3]| {
        let [a, b, c] = data;
        (0x02, [0, 0, 0, 0, 0x20, 0x00, 0x04, kind, number, event_type, a, b, c])
    };
    vec![
        // Deasserted; a generic state; a state with an extension; an OEM's event type.
        system(0x08, 0x41, 0xef, [0x03, 0xff, 0xff]),
        system(0x09, 0x43, 0x0b, [0x01, 0xff, 0xff]),
        system(0x0c, 0x00, 0x6f, [0xa0, 0x01, 0x23]),
        system(0xc1, 0x4c, 0x70, [0x02, 0x11, 0x22]),
        (0xc0, [0, 0, 0, 0, 0xd9, 0x7e, 0x00, 1, 2, 3, 4, 5, 6]),
        (0xe0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]),
    ]
}

/// An inventory with all three areas. Platform Management FRU Information Storage Definition v1.0,
/// §8 and §10 to §12.
fn inventory(name: &str) -> Vec<u8> {
    let chassis = area(&[0x17], &["CH-1", "C-0001"]);
    // Language English; 2026-01-15 12:00 in minutes since 1996: 15 800 400, F1 18 50h.
    let board = area(&[0x19, 0x50, 0x18, 0xf1], &["Sim Works", name, "B-0001", "BP-1", "file"]);
    let product = area(
        &[0x19],
        &["Sim Works", name, "PP-1", "1.2", "P-0001", "shelf 9", "file", "a field of its own"],
    );
    let at = |bytes: usize| u8::try_from(bytes / 8).expect("small areas");
    let chassis_at = 8;
    let board_at = chassis_at + chassis.len();
    let product_at = board_at + board.len();
    let mut contents = vec![1, 0, at(chassis_at), at(board_at), at(product_at), 0, 0];
    contents.push(checksum(&contents));
    contents.extend([chassis, board, product].concat());
    contents.resize(512, 0);
    contents
}

/// An area: version, length in eights of bytes, what it begins with, fields of 8-bit text, the end
/// mark, zeros, checksum.
fn area(start: &[u8], fields: &[&str]) -> Vec<u8> {
    let mut area = [&[1, 0], start].concat();
    for field in fields {
        area.push(0xc0 | u8::try_from(field.len()).expect("short fields"));
        area.extend(field.bytes());
    }
    area.push(0xc1);
    while area.len() % 8 != 7 {
        area.push(0);
    }
    area[1] = u8::try_from(area.len().div_ceil(8)).expect("a short area");
    area.push(checksum(&area));
    area
}

/// What makes the sum of all bytes zero.
fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |sum, byte| sum.wrapping_sub(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_a_value() {
        let sensors = functions();
        assert_eq!(sensors.len(), 36);
        for sensor in sensors {
            assert!(sensor.value().is_finite(), "{}: {}", sensor.name, sensor.value());
        }
    }

    #[test]
    fn areas_and_records_are_as_long_as_they_say() {
        let contents = inventory("X");
        assert_eq!(contents[..8].iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)), 0);
        for at in [2, 3, 4].map(|pointer| usize::from(contents[pointer]) * 8) {
            let area = &contents[at..at + usize::from(contents[at + 1]) * 8];
            assert_eq!(area.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)), 0);
        }
        for record in records() {
            assert_eq!(usize::from(record[4]) + 5, record.len());
        }
    }
}
