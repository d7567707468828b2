//! What is told of a BMC because of who made it: makers' own events, sensors and names.

use std::fmt::Write as _;
use std::fs;

use crate::pair::Pair;

const INTEL: u32 = 343;
const HP: u32 = 11;
const SUN: u32 = 42;
const DELL: u32 = 674;
const QUANTA: u32 = 7_244;
const VIKING: u32 = 9_237;
const SUPERMICRO: u32 = 10_876;
const KONTRON: u32 = 15_000;
const LENOVO: u32 = 19_046;
const SUPERMICRO_TOO: u32 = 47_488;

/// Two that say that this is who made them.
fn made_by(manufacturer: u32, product: u16) -> Option<Pair> {
    Pair::with(|config| {
        let says = format!("[bmc]\nmanufacturer = {manufacturer}\nproduct = {product}\n");
        config.replacen("[bmc]\n", &says, 1) + "\n[sel]\ncapacity = 4096\n"
    })
}

/// A file of events, as `sel add` reads it.
#[derive(Default)]
struct Events(String);

impl Events {
    fn event(&mut self, sensor_type: u8, number: u8, event_type: u8, data: [u8; 3]) {
        let [first, second, third] = data;
        let _ = writeln!(
            self.0,
            "0x04 {sensor_type:#04x} {number:#04x} {event_type:#04x} {first:#04x} {second:#04x} {third:#04x}"
        );
    }

    /// Adding them tells what they mean, and so does the log afterwards.
    #[track_caller]
    fn are_told_alike(&self, pair: &Pair) -> String {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("events");
        fs::write(&file, &self.0).unwrap();
        let file = file.to_str().unwrap();
        let told = pair.same_words(&["sel", "add", file]);
        assert_eq!(told.lines().count(), self.0.lines().count());
        for line in ["sel list", "sel elist last 40", "-c sel list last 40", "-v sel list last 12"]
        {
            pair.same(line);
        }
        let saved = |run: &dyn Fn(&[&str]) -> lantern_testkit::process::Output| {
            let file = directory.path().join("saved");
            run(&["sel", "save", file.to_str().unwrap()]).expect_success();
            fs::read(file).unwrap()
        };
        assert_eq!(saved(&|words| pair.ours(words)), saved(&|words| pair.theirs(words)));
        told
    }
}

/// Types of sensors that somebody has something to say of, and some that nobody has.
const TYPES: [u8; 26] = [
    0x01, 0x07, 0x08, 0x0c, 0x0d, 0x0f, 0x10, 0x13, 0x14, 0x20, 0x23, 0x2b, 0x2d, 0xc0, 0xc1, 0xc2,
    0xc3, 0xc4, 0xc6, 0xc8, 0xcf, 0xd0, 0xd6, 0xdd, 0xef, 0xf2,
];

/// States of all of them, with and without bytes of the maker's own.
fn states() -> Events {
    let mut events = Events::default();
    for sensor_type in TYPES {
        for first in [0x00, 0x01, 0x82, 0xa1, 0xa2, 0xc0] {
            events.event(sensor_type, 0x30, 0x6f, [first, 0x01, 0xff]);
        }
        for event_type in [0x70, 0x71, 0x7e, 0x7f, 0x03, 0x0b] {
            events.event(sensor_type, 0x31, event_type, [0x01, 0x02, 0x03]);
        }
    }
    events
}

#[test]
fn events_of_makers_are_told_alike() {
    for maker in [INTEL, HP, SUN, LENOVO, VIKING, QUANTA, SUPERMICRO, SUPERMICRO_TOO, KONTRON, DELL]
    {
        let Some(pair) = made_by(maker, 256) else { return };
        states().are_told_alike(&pair);
    }
}

#[test]
fn kontrons_events_are_told_alike() {
    let Some(pair) = made_by(KONTRON, 1_590) else { return };
    let mut events = Events::default();
    for sensor_type in 0xc0..=0xdf {
        for state in 0..=0x0f {
            events.event(sensor_type, 0, 0x6f, [state, 0xff, 0xff]);
        }
    }
    events.are_told_alike(&pair);
}

#[test]
fn dells_events_are_told_alike() {
    let Some(pair) = made_by(DELL, 256) else { return };
    let mut events = Events::default();
    for (sensor_type, numbers) in [
        (0x07, &[0x0a, 0x60][..]),
        (0x0c, &[0x01, 0x1c]),
        (0x10, &[0x01]),
        (0x13, &[0x01]),
        (0x20, &[0x01]),
        (0x23, &[0x23, 0x01]),
        (0x2b, &[0x01]),
        (0x0f, &[0x01]),
        (0xc1, &[0x25, 0x01]),
        (0xc2, &[0x29, 0x01]),
        (0xc3, &[0x29, 0x01]),
    ] {
        for number in numbers {
            for first in
                [0x80, 0x81, 0x83, 0x8f, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0x20, 0xc1]
            {
                for (second, third) in [(0x00, 0x01), (0x02, 0x02), (0x04, 0x83), (0x80, 0x10)] {
                    events.event(sensor_type, *number, 0x6f, [first, second, third]);
                }
            }
        }
    }
    let told = events.are_told_alike(&pair);
    assert!(told.contains("Correctable ECC | ") && told.contains("CRC Error on:"), "{told}");
    let mut events = Events::default();
    for card in [0x00, 0x10, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc0, 0xd0, 0xe0, 0xf0] {
        for third in [0x01, 0x02, 0x05, 0x80, 0xff] {
            events.event(0x0c, 0x01, 0x6f, [0xa0, card, third]);
            events.event(0x0c, 0x01, 0x6f, [0xa1, card | 0x02, third]);
        }
    }
    for code in [0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d]
    {
        events.event(0x0f, 0x01, 0x6f, [0x8f, code, 0xff]);
    }
    for code in [0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xfe, 0x00] {
        events.event(0x0f, 0x01, 0x6f, [0x8f, code, 0xff]);
    }
    events.are_told_alike(&pair);
}

#[test]
fn supermicros_events_are_told_alike() {
    for maker in [SUPERMICRO, SUPERMICRO_TOO] {
        let Some(pair) = made_by(maker, 1_572) else { return };
        let mut events = Events::default();
        for data in [[0x80, 0, 0xff], [0x80, 1, 0xff], [0x80, 2, 0xff], [0x80, 3, 0xff], [0, 0, 0]]
        {
            events.event(0xd0, 0x01, 0x6f, data);
        }
        for data in [[0xa0, 0x10, 0x02], [0x20, 0xff, 0x12], [0x01, 0x2a, 0x01]] {
            events.event(0x0c, 0x00, 0x6f, data);
            events.event(0x0c, 0x0a, 0x6f, data);
        }
        let told = events.are_told_alike(&pair);
        assert!(told.contains("BMC cold reset"), "{told}");
    }
}

#[test]
fn who_made_a_bmc_is_told_alike() {
    for (maker, product) in [
        (INTEL, 0x51),
        (HP, 0x2000),
        (SUN, 18_177),
        (DELL, 256),
        (QUANTA, 21_401),
        (SUPERMICRO, 1_572),
        (KONTRON, 1_590),
        (LENOVO, 1_107),
        (0, 0),
        (0xf_ffff, 0xffff),
        (1_048_574, 1),
    ] {
        let Some(pair) = made_by(maker, product) else { return };
        for line in [
            "mc info",
            "sdr elist",
            "sensor",
            "sel list first 5",
            "fru",
            "sdr type list",
            "event 1",
        ] {
            pair.same(line);
        }
    }
}
