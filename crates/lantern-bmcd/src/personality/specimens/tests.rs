use ipmi_wire::fru::Fru;
use ipmi_wire::sdr::RecordHeader;

use super::*;

#[test]
fn there_are_72_records_of_all_kinds_and_each_survives_the_wire() {
    let records = specimens(RecordsIn::Repository).personality.sdrs;
    assert_eq!(records.len(), 72);
    let mut kinds: Vec<u8> = records.iter().map(Record::record_type).collect();
    for record in &records {
        assert_eq!(Record::decode(&record.to_bytes()).as_ref(), Ok(record));
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, [1, 2, 3, 8, 9, 0x10, 0x11, 0x12, 0x13, 0x14, RecordHeader::OEM]);
}

#[test]
fn every_linearisation_has_a_value_in_every_form() {
    let Specimens { personality, readings } = specimens(RecordsIn::Repository);
    let full: Vec<_> = personality
        .sdrs
        .iter()
        .filter_map(|record| match record {
            Record::Full(full) => Some(full),
            _ => None,
        })
        .collect();
    assert_eq!(full.len(), 44);
    for sensor in full {
        let number = sensor.sensor.key.number;
        let says = readings.iter().find(|(of, _)| *of == number);
        assert!(matches!(says, Some((_, Measurement::Value(_)))), "{}: {says:?}", sensor.id);
        assert!(!sensor.id.is_empty());
        let thresholds = sensor.sensor.readable_thresholds();
        assert!(thresholds.iter().count() >= 4, "{}: {thresholds:?}", sensor.id);
    }
}

#[test]
fn names_are_what_they_are_meant_to_be() {
    let records = specimens(RecordsIn::Repository).personality.sdrs;
    let names: Vec<_> =
        records.iter().filter_map(|record| record.name().map(ToString::to_string)).collect();
    for name in ["SIX BITS", "12.5-0", "L\u{fc}fter", "", "1/x 1's", "LM75", "Inventory 4"] {
        assert!(names.iter().any(|one| one == name), "{name} in {names:?}");
    }
}

#[test]
fn inventories_are_whole_but_for_the_damaged_ones() {
    let devices = specimens(RecordsIn::Repository).personality.inventory;
    let faults: Vec<Option<usize>> = devices
        .iter()
        .map(|device| Fru::decode(&device.contents).ok().map(|(_, faults)| faults.len()))
        .collect();
    assert_eq!(faults, [Some(0), Some(0), Some(0), Some(1), None]);
}

/// A bent line is still a line: what is beyond a threshold before the bend is so after it.
#[test]
fn the_non_linear_ones_are_in_the_middle_of_their_thresholds() {
    let Specimens { personality, readings } = specimens(RecordsIn::Repository);
    let bent: Vec<_> = personality
        .sdrs
        .iter()
        .filter_map(|record| match record {
            Record::Full(full) => {
                Some((full, personality.sensors.sensors.get(&full.sensor.key.number)?))
            }
            _ => None,
        })
        .collect();
    assert_eq!(bent.len(), 2);
    for (full, plan) in bent {
        let number = full.sensor.key.number;
        let Some((_, Measurement::Value(here))) = readings.iter().find(|(of, _)| *of == number)
        else {
            panic!("{number} has no reading")
        };
        for kind in full.sensor.readable_thresholds().iter() {
            let limit = value(full, &plan.factors, full.thresholds.get(kind)).unwrap();
            assert_eq!(limit > *here, kind.is_upper(), "{} {kind}: {limit} {here}", full.id);
        }
    }
}
