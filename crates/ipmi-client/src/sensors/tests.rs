use std::sync::Arc;

use ipmi_wire::cmd::sensor::{
    EventBits, EventEnableAction, GetSensorReading, GetSensorReadingFactors, GetSensorThresholds,
    SensorHysteresis, SetSensorThresholds,
};
use ipmi_wire::cmd::storage::GetSdr;
use ipmi_wire::{CompletionCode, Response};

use super::*;
use crate::ErrorKind;
use crate::fake::{Machine, code, full_sensor, is, lost, of, presence_sensor};

const PSU: (u8, u8) = (0x0a, 1);

/// "PSU Temp" and "PSU Fan" of power supply 1, and what else `more` says.
fn machine(more: impl IntoIterator<Item = Vec<u8>>) -> Arc<Machine> {
    let mut records = vec![full_sensor(1, "PSU Temp"), full_sensor(2, "PSU Fan")];
    for record in &mut records {
        (record[8], record[9]) = PSU;
    }
    records.extend(more);
    let machine = Machine::with_sdrs(records);
    // 40 degrees; nothing at all, and below the lower critical threshold.
    machine.world().reads(1, &[40, 0xc0, 0xc0]);
    machine.world().reads(2, &[0, 0xc0, 0xc2]);
    machine
}

async fn states(machine: &Arc<Machine>) -> Vec<SensorState> {
    machine.bmc().sensors(false).await.unwrap().iter().map(|sensor| sensor.state).collect()
}

use SensorState::{Absent, Critical, Nominal, Unknown, Unreadable, Warning};

#[tokio::test]
async fn warm_costs_the_readings_and_three_commands() {
    // Open Session, RAKP 1 and RAKP 3 come on top.
    let machine = machine((3..=72).map(|n| full_sensor(n, &format!("Sensor {n}"))));
    let directory = tempfile::TempDir::new().unwrap();
    let cache = crate::Cache::at(directory.path());
    machine.bmc().with_cache(&cache).sensors(false).await.unwrap();
    for (clock, more) in [(0x6500_0000, 2), (17, 3)] {
        machine.world().sdr_info.last_addition = clock;
        machine.bmc().with_cache(&cache).sensors(false).await.unwrap();
        machine.requests();
        assert_eq!(machine.bmc().with_cache(&cache).sensors(false).await.unwrap().len(), 72);
        assert_eq!(machine.count::<GetSensorReading>(), 72);
        assert_eq!(machine.count::<GetSdr>(), more - 2);
        assert_eq!(machine.requests(), 72 + more);
    }
}

#[tokio::test]
async fn a_threshold_that_is_exceeded_is_an_alarm() {
    let machine = machine([]);
    assert_eq!(states(&machine).await, [Nominal, Critical]);
    for (bits, state) in [
        (0x01, Warning),
        (0x08, Warning),
        (0x12, Critical),
        (0x24, SensorState::NonRecoverable),
        (0xc0, Nominal),
    ] {
        machine.world().reads(1, &[40, 0xc0, bits]);
        assert_eq!(states(&machine).await[0], state, "{bits:02x}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_never_critical() {
    // Somebody says so: a presence sensor, an entity presence sensor, a FRU state.
    for (types, absent, present) in [((0x15, 8), 1, 2), ((0x25, 0x6f), 2, 1), ((0x2c, 0x6f), 1, 16)]
    {
        let machine = machine([presence_sensor(3, "PSU There", PSU, types, 0x1f)]);
        machine.world().reads(1, &[0, 0xc0, 0xc0]);
        machine.world().reads(3, &[0, 0xc0, absent, 0x80]);
        assert_eq!(states(&machine).await, [Absent; 3], "{types:02x?}");
        machine.world().reads(3, &[0, 0xc0, present, 0x80]);
        assert_eq!(states(&machine).await[..2], [Nominal, Critical], "{types:02x?}");
    }
    // A bit that the record lists is not set.
    for (sensor_type, bit) in [(8, 0), (7, 7), (0x0c, 6), (0x0d, 0), (0x21, 2), (0x29, 2)] {
        let listed = presence_sensor(3, "Status", PSU, (sensor_type, 0x6f), 1 << bit);
        let machine = machine([listed]);
        machine.world().reads(1, &[0, 0xc0, 0xc0]);
        machine.world().reads(3, &[0, 0xc0, 0, 0x80]);
        assert_eq!(states(&machine).await, [Absent; 3], "{sensor_type:02x}");
        machine.world().reads(3, &[0, 0xc0, 1 << bit, 0x80]);
        assert_eq!(states(&machine).await, [Nominal, Critical, Nominal], "{sensor_type:02x}");
        // Without the bit in the mask, its absence means nothing.
        let unlisted = presence_sensor(3, "Status", PSU, (sensor_type, 0x6f), 0x8000);
        machine.world().sdrs[2] = unlisted;
        machine.world().sdrs[2][0] = 3;
        machine.world().reads(3, &[0, 0xc0, 0, 0x80]);
        assert_eq!(states(&machine).await[1], Critical, "{sensor_type:02x}");
    }
}

#[tokio::test]
async fn a_power_supply_that_works_is_there_whatever_bit_is_not_set() {
    // Some BMCs set no bit for a power supply that is in order.
    let machine = machine([presence_sensor(3, "PSU Status", PSU, (8, 0x6f), 0x000f)]);
    machine.world().reads(3, &[0, 0xc0, 0, 0x80]);
    assert_eq!(states(&machine).await, [Nominal, Critical, Nominal]);
    // One that reports a failure is there, too.
    machine.world().reads(1, &[0, 0xc0, 0xc0]);
    machine.world().reads(3, &[0, 0xc0, 2, 0x80]);
    assert_eq!(states(&machine).await, [Nominal, Critical, Critical]);
}

#[tokio::test]
async fn an_empty_riser_does_not_make_the_system_board_absent() {
    let board = (0x07, 1);
    let mut critical = full_sensor(4, "Board Temp");
    (critical[8], critical[9]) = board;
    let machine = machine([presence_sensor(3, "Riser", board, (0x15, 8), 3), critical]);
    machine.world().reads(3, &[0, 0xc0, 1, 0x80]);
    machine.world().reads(4, &[99, 0xc0, 0x18]);
    assert_eq!(states(&machine).await[2..], [Absent, Critical]);
}

#[tokio::test]
async fn what_is_inside_of_something_absent_is_absent() {
    // Fan device 1 is in power supply 1: by hand from §43.4.
    let inside = vec![0, 0, 0x51, 8, 11, 0x0a, 1, 0, 0x1d, 1, 0, 0, 0, 0, 0, 0];
    let mut fan = full_sensor(4, "Fan");
    (fan[8], fan[9]) = (0x1d, 1);
    let machine = machine([presence_sensor(3, "PSU", PSU, (0x25, 0x6f), 7), fan, inside]);
    machine.world().reads(1, &[0, 0xc0, 0xc0]);
    machine.world().reads(3, &[0, 0xc0, 2, 0x80]);
    machine.world().reads(4, &[0, 0xc0, 0xc2]);
    assert_eq!(states(&machine).await, [Absent; 4]);
    // Asked for alone, the others are asked for what they know.
    let query = SensorQuery { entities: vec![(0x1d, None)], ..SensorQuery::default() };
    let sensors = machine.bmc().query_sensors(&query).await.unwrap();
    assert_eq!((sensors.len(), sensors[0].state), (1, Absent));
}

#[tokio::test]
async fn one_sensor_alone_costs_the_others_only_if_there_is_doubt() {
    let machine = machine([presence_sensor(3, "PSU There", PSU, (0x15, 8), 3)]);
    machine.world().reads(3, &[0, 0xc0, 1, 0x80]);
    machine.world().reads(1, &[0, 0xc0, 0xc0]);
    let bmc = machine.bmc();
    bmc.sdrs().await.unwrap();
    machine.requests();
    let by_name = |name: &str| SensorRef::Name(name.to_owned());
    let found = bmc.get_sensor(by_name("PSU Temp"), false).await.unwrap();
    assert_eq!((found.len(), found[0].state, machine.requests()), (1, Nominal, 2));
    let found = bmc.get_sensor(by_name("psu FAN"), false).await.unwrap();
    assert_eq!((found.len(), found[0].state, machine.requests()), (1, Absent, 4));
    let number = SensorRef::Number { lun: 0, number: 1 };
    assert_eq!(bmc.get_sensor(number, false).await.unwrap()[0].name(), "PSU Temp");
    assert!(bmc.get_sensor(by_name("PSU"), false).await.unwrap().is_empty());
}

#[tokio::test]
async fn sensors_that_share_a_record_are_read_one_by_one() {
    // Three of them, with letters from B on, in entities of their own: by hand from §43.2.
    let mut shared = presence_sensor(3, "Slot", (0x0b, 1), (0x15, 8), 3);
    (shared[23], shared[24]) = (0x13, 0x81);
    let machine = machine([shared]);
    for (number, states) in [(3, 2), (4, 1), (5, 2)] {
        machine.world().reads(number, &[0, 0xc0, states, 0x80]);
    }
    let sensors = machine.bmc().sensors(false).await.unwrap();
    let found: Vec<_> = sensors[2..]
        .iter()
        .map(|sensor| (sensor.name(), sensor.info.key.number, sensor.info.entity.instance))
        .collect();
    assert_eq!(found, [("Slot B", 3, 1), ("Slot C", 4, 2), ("Slot D", 5, 3)]);
    assert_eq!(states(&machine).await[2..], [Nominal, Absent, Nominal]);
}

#[tokio::test]
async fn sensors_are_asked_for_where_they_are() {
    let mut at_lun = full_sensor(1, "At LUN 3");
    at_lun[6] = 3;
    let mut elsewhere = full_sensor(7, "Elsewhere");
    elsewhere[5] = 0x81;
    // By hand from §43.3.
    let mut event_only = vec![0, 0, 0x51, 3, 0, 0x20, 0, 0x77, 0x07, 1, 0x12, 0x6f, 1, 0, 0, 0];
    event_only.extend(b"\xc3Log");
    event_only[4] = u8::try_from(event_only.len() - 5).unwrap();
    let machine = machine([at_lun, elsewhere, event_only]);
    machine.world().readings.insert((3, 1), Ok(vec![25, 0xc0, 0xc0]));
    let sensors = machine.bmc().sensors(false).await.unwrap();
    assert_eq!(sensors.len(), 4);
    assert!(matches!(sensors[2].reading, Reading::Analog { raw: 25, .. }));
    assert_eq!(sensors[3].state, Unreadable(Silence::NotOurs(0x81)));
    let query = SensorQuery { event_only: true, ..SensorQuery::all(false) };
    let sensors = machine.bmc().query_sensors(&query).await.unwrap();
    assert_eq!((sensors[4].name(), sensors[4].state), ("Log", Unreadable(Silence::EventOnly)));
}

/// A record of the sensor `number` of the controller at `owner`.
fn owned(owner: u8, number: u8, name: &str) -> Vec<u8> {
    let mut record = full_sensor(number, name);
    record[5] = owner;
    record
}

#[tokio::test]
async fn sensors_of_other_controllers_are_read_there_and_one_that_is_gone_costs_one_question() {
    let more = [
        owned(0x82, 1, "Far Temp"),
        owned(0x40, 1, "Gone 1"),
        owned(0x40, 2, "Gone 2"),
        owned(0x84, 1, "Mute 1"),
        owned(0x84, 2, "Mute 2"),
        owned(0x82, 2, "Far Fan"),
    ];
    let (machine, far, mute) = (machine(more), Machine::new(), Machine::new());
    far.world().reads(1, &[33, 0xc0, 0xc0]);
    far.world().reads(2, &[44, 0xc0, 0xc0]);
    mute.hook(|_, _| {
        let route = to(0x84);
        let waited = std::time::Duration::from_secs(2);
        let silent = ipmi_session::console::Failure::SilentBehind { route, sent: 3, waited };
        Some(Err(ErrorKind::Call(silent)))
    });
    machine.put_behind(to(0x82), &far);
    machine.put_behind(to(0x84), &mute);
    for thresholds in [false, true] {
        let sensors = machine.bmc().sensors(thresholds).await.unwrap();
        let raw = |at: usize| match sensors[at].reading {
            Reading::Analog { raw, .. } => Some(raw),
            _ => None,
        };
        assert_eq!([raw(0), raw(2), raw(7)], [Some(40), Some(33), Some(44)]);
        assert!(matches!(&sensors[3].reading, Reading::Failed(error) if error.is_behind_bmc()));
        assert_eq!(sensors[4].state, Unreadable(Silence::OutOfReach(0x40)));
        assert!(matches!(&sensors[5].reading, Reading::Failed(error) if error.is_behind_bmc()));
        assert_eq!(sensors[6].state, Unreadable(Silence::OutOfReach(0x84)));
        assert_eq!(mute.requests(), 1);
    }
}

#[tokio::test]
async fn thresholds_are_set_at_the_controller_whose_they_are() {
    let (machine, far) = (machine([owned(0x82, 1, "Far Temp")]), Machine::new());
    far.world().reads(1, &[33, 0xc0, 0xc0]);
    far.world().thresholds.insert(1, [0x3f, 1, 2, 3, 80, 90, 100]);
    machine.put_behind(to(0x82), &far);
    let bmc = machine.bmc();
    let info = bmc.sdrs().await.unwrap().find(&SensorRef::Name("Far Temp".into())).remove(0);
    let wanted = [(ThresholdKind::UpperCritical, 95.0)];
    let changes = bmc.set_thresholds(&info, &wanted).await.unwrap();
    assert!(changes[0].taken && changes[0].before == Some(90.0), "{changes:?}");
    assert_eq!(far.count::<SetSensorThresholds>(), 1);
    assert_eq!(machine.count::<SetSensorThresholds>(), 0);
}

#[tokio::test]
async fn a_handle_to_a_controller_behind_reads_its_own_sensors_there() {
    let (machine, far) =
        (machine([]), Machine::with_sdrs([owned(0x82, 1, "Own"), owned(0x20, 2, "BMC")]));
    far.world().reads(1, &[33, 0xc0, 0xc0]);
    far.world().reads(2, &[44, 0xc0, 0xc0]);
    machine.put_behind(to(0x82), &far);
    let bmc = machine.bmc();
    let sensors = bmc.behind(to(0x82)).sensors(true).await.unwrap();
    assert_eq!(sensors.iter().map(Sensor::name).collect::<Vec<_>>(), ["Own", "BMC"]);
    assert!(sensors.iter().all(|sensor| matches!(sensor.reading, Reading::Analog { .. })));
    // What was learned of one is not taken for the other's.
    assert_eq!(bmc.sensors(false).await.unwrap()[0].name(), "PSU Temp");
    let error = bmc.behind(to(0x40)).send(&ipmi_wire::cmd::app::GetDeviceId).await.unwrap_err();
    assert!(error.to_string().contains("controller 40h: Get Device ID: the BMC has not passed"));
}

fn to(address: u8) -> ipmi_wire::bridge::Route {
    ipmi_wire::bridge::Route::to(ipmi_wire::bridge::Hop::ipmb(address))
}

#[tokio::test]
async fn one_odd_sensor_does_not_hide_the_others() {
    let machine = machine((3..=9).map(|n| full_sensor(n, "Odd")));
    {
        let mut world = machine.world();
        world.reads(3, &[0, 0xe0]);
        world.reads(4, &[0, 0x80]);
        world.readings.insert((0, 5), Err(0xcb));
        world.readings.insert((0, 6), Err(0xd1));
        world.reads(7, &[]);
        world.reads(8, &[30, 0x40]);
    }
    // The last one is not answered for at all.
    machine.hook(|_, request| {
        let last = of::<GetSensorReading>(request).is_some_and(|get| get.number == 9);
        last.then(|| Err(lost(request)))
    });
    let expected = [
        Nominal,
        Critical,
        Unreadable(Silence::Unavailable),
        Unreadable(Silence::ScanningDisabled),
        Unreadable(Silence::Absent(CompletionCode::NOT_PRESENT)),
        Unreadable(Silence::Failed),
        Unreadable(Silence::Failed),
        Nominal,
        Unreadable(Silence::Failed),
    ];
    assert_eq!(states(&machine).await, expected);
    // Nor for its thresholds, which are not even asked for.
    machine.hook(|_, request| {
        let last = of::<GetSensorReading>(request).is_some_and(|get| get.number == 9)
            || of::<GetSensorThresholds>(request).is_some_and(|get| get.number >= 8);
        last.then(|| Err(lost(request)))
    });
    machine.requests();
    let sensors = machine.bmc().sensors(true).await.unwrap();
    assert_eq!(sensors.iter().map(|sensor| sensor.state).collect::<Vec<_>>(), expected);
    // A BMC that answers no question about thresholds is not asked for each of a hundred.
    machine.hook(|_, request| is::<GetSensorThresholds>(request).then(|| Err(lost(request))));
    machine.world().readings.insert((0, 9), Ok(vec![30, 0x40]));
    machine.world().requests.clear();
    assert_eq!(machine.bmc().sensors(true).await.unwrap().len(), 9);
    // Each in the session that was lost, and once more in a new one.
    assert_eq!(machine.count::<GetSensorThresholds>(), 2 * 2);
    // A BMC that answers for none of them is gone, and not asked again and again.
    machine.hook(|_, request| is::<GetSensorReading>(request).then(|| Err(lost(request))));
    machine.requests();
    assert!(machine.bmc().sensors(false).await.is_err());
    assert_eq!(machine.count::<GetSensorReading>(), 2 * 2);
}

#[tokio::test]
async fn ffh_with_a_reading_says_why_there_is_none() {
    let answers: [(&[u8], Silence); 4] = [
        (&[0, 0xe0], Silence::Unavailable),
        (&[0, 0x80, 0], Silence::ScanningDisabled),
        (&[0, 0xc0], Silence::Failed),
        (&[], Silence::Failed),
    ];
    for (data, silence) in answers {
        let machine = Machine::with_sdrs([full_sensor(1, "A")]);
        machine.hook(move |_, request| {
            let answer = Response { completion: CompletionCode::UNSPECIFIED, data: data.to_vec() };
            is::<GetSensorReading>(request).then_some(Ok(answer))
        });
        assert_eq!(states(&machine).await, [Unreadable(silence)]);
    }
}

#[tokio::test]
async fn oem_states_are_nobodys_judgement() {
    let machine = machine([presence_sensor(3, "OEM", (7, 1), (0xc0, 0x70), 0x7fff)]);
    machine.world().reads(3, &[0, 0xc0, 4, 0x80]);
    assert_eq!(states(&machine).await[2], Unknown);
}

#[tokio::test]
async fn a_discrete_sensor_with_a_value_shows_both() {
    // HP's DL380 G7: a full record with factors, a unit, and a generic discrete type.
    let mut discrete = full_sensor(3, "Power Meter");
    (discrete[12], discrete[13], discrete[21]) = (0x0b, 0x03, 6);
    let machine = machine([discrete]);
    machine.world().reads(3, &[90, 0xc0, 1, 0x80]);
    let sensors = machine.bmc().sensors(false).await.unwrap();
    let Reading::Discrete { states: 1, value, .. } = sensors[2].reading else { panic!() };
    assert_eq!(value, Some(90.0));
}

#[tokio::test]
async fn thresholds_in_force_are_asked_for_and_those_of_the_record_have_to_do_else() {
    let machine = machine([]);
    machine.world().thresholds.insert(1, [0x18, 0, 0, 0, 70, 80, 0]);
    let sensors = machine.bmc().sensors(true).await.unwrap();
    assert_eq!(
        sensors[0].thresholds,
        [(ThresholdKind::UpperNonCritical, 70.0), (ThresholdKind::UpperCritical, 80.0)]
    );
    assert_eq!(sensors[1].thresholds.len(), 6);
    assert_eq!(machine.count::<GetSensorThresholds>(), 2);
    machine.requests();
    machine.bmc().sensors(false).await.unwrap();
    assert_eq!(machine.count::<GetSensorThresholds>(), 0);
}

#[tokio::test]
async fn a_bmc_that_contradicts_its_own_thresholds_is_noticed() {
    let machine = machine([]);
    machine.world().thresholds.insert(1, [0x1a, 0, 10, 0, 70, 80, 0]);
    let disputed = async |raw: u8, bits: u8| {
        machine.world().reads(1, &[raw, 0xc0, bits]);
        machine.bmc().sensors(true).await.unwrap()[0].disputed
    };
    // Lower critical at 40 degrees, as on Intel's SR1500.
    assert_eq!(disputed(40, 0x02).await, ThresholdMask(0x02));
    assert_eq!(disputed(75, 0x00).await, ThresholdMask(0x08));
    assert_eq!(disputed(75, 0x08).await, ThresholdMask::NONE);
    // Below the threshold, but within the hysteresis of 2.
    assert_eq!(disputed(69, 0x08).await, ThresholdMask::NONE);
    assert_eq!(disputed(60, 0x08).await, ThresholdMask(0x08));
}

#[tokio::test]
async fn the_factors_of_a_non_linear_sensor_are_asked_for_once_a_range() {
    let mut bent = full_sensor(3, "Bent");
    bent[23] = 0x70;
    let machine = machine([bent]);
    // By hand from §35.5: next reading, M, B, accuracy, exponents. Below 100 the slope is 1, from
    // there on 2.
    machine
        .world()
        .factors
        .insert(3, vec![(0, vec![100, 1, 0, 0, 0, 0, 0]), (100, vec![0, 2, 0, 0, 0, 0, 0])]);
    let bmc = machine.bmc();
    let value = async |raw: u8| {
        machine.world().reads(3, &[raw, 0xc0, 0xc0]);
        let sensors = bmc.sensors(false).await.unwrap();
        let Reading::Analog { value, .. } = sensors[2].reading else { panic!() };
        value
    };
    assert_eq!(value(50).await, Some(50.0));
    assert_eq!(value(60).await, Some(60.0));
    assert_eq!(value(99).await, Some(99.0));
    assert_eq!(machine.count::<GetSensorReadingFactors>(), 1);
    assert_eq!(value(101).await, Some(202.0));
    assert_eq!(machine.count::<GetSensorReadingFactors>(), 2);
    // A BMC that does not tell: there is a reading, and no value.
    machine.world().factors.clear();
    assert_eq!(value(20).await, None);
}

#[tokio::test]
async fn the_next_process_knows_the_factors_too() {
    let mut bent = full_sensor(3, "Bent");
    bent[23] = 0x70;
    let machine = machine([bent]);
    machine.world().reads(3, &[120, 0xc0, 0xc0]);
    let ranges = vec![(0, vec![100, 1, 0, 0, 0, 0, 0]), (100, vec![0, 2, 0, 0, 0, 0, 0])];
    machine.world().factors.insert(3, ranges);
    let directory = tempfile::TempDir::new().unwrap();
    let cache = crate::Cache::at(directory.path());
    let read = async || {
        let sensors = machine.bmc().with_cache(&cache).sensors(false).await.unwrap();
        let Reading::Analog { value, .. } = sensors[2].reading else { panic!() };
        value
    };
    assert_eq!(read().await, Some(240.0));
    machine.requests();
    assert_eq!(read().await, Some(240.0));
    assert_eq!(machine.requests(), 3 + 2);
    // With other records, or other firmware, they are asked for anew.
    machine.world().device.firmware_minor += 1;
    assert_eq!(read().await, Some(240.0));
    assert_eq!(machine.count::<GetSensorReadingFactors>(), 1);
}

fn info(machine: &Machine, nth: usize) -> SensorInfo {
    let raw = machine
        .world()
        .sdrs
        .iter()
        .map(|bytes| crate::sdr::RawRecord { lun: 0, bytes: bytes.clone() })
        .collect();
    let set = SdrSet::new(crate::sdr::SdrSource::Repository, crate::Ending::Complete, raw);
    set.sensors().remove(nth)
}

#[tokio::test]
async fn thresholds_are_set_by_value_and_read_back() {
    use ThresholdKind::{UpperCritical, UpperNonCritical};
    let machine = machine([]);
    machine.world().thresholds.insert(1, [0x3f, 0, 0, 0, 70, 80, 90]);
    let (bmc, info) = (machine.bmc(), info(&machine, 0));
    let wanted = [(UpperNonCritical, 65.4), (UpperCritical, 75.0)];
    let changes = bmc.set_thresholds(&info, &wanted).await.unwrap();
    let told: Vec<_> = changes.iter().map(|c| (c.before, c.now, c.taken)).collect();
    assert_eq!(told, [(Some(70.0), Some(65.0), true), (Some(80.0), Some(75.0), true)]);
    assert_eq!(machine.world().thresholds[&1], [0x3f, 0, 0, 0, 65, 75, 90]);
    // One that the BMC changes its mind about.
    machine.world().threshold_limit = 72;
    let changes = bmc.set_thresholds(&info, &[(UpperCritical, 95.0)]).await.unwrap();
    assert_eq!((changes[0].now, changes[0].taken), (Some(72.0), false));
}

#[tokio::test]
async fn thresholds_that_cannot_be_are_refused_before_anything_is_sent() {
    use ThresholdKind::{LowerCritical, UpperCritical, UpperNonCritical};
    let mut fixed = full_sensor(3, "Partly fixed");
    fixed[19] = 0x08;
    let machine = machine([fixed, presence_sensor(4, "Discrete", PSU, (8, 0x6f), 1)]);
    let bmc = machine.bmc();
    type Case<'a> = (usize, &'a [(ThresholdKind, f64)], &'a str);
    let cases: [Case<'_>; 6] = [
        (0, &[(UpperCritical, 500.0)], "500 is beyond what it can express, -128 to 127"),
        (0, &[(UpperCritical, f64::NAN)], "NaN is beyond"),
        (0, &[(UpperNonCritical, 80.0), (UpperCritical, 70.0)], "Upper Non-critical (80) would be"),
        (0, &[(UpperNonCritical, 5.0), (LowerCritical, 6.0)], "Lower Critical (6) would be above"),
        (2, &[(UpperCritical, 70.0)], "it does not let Upper Critical be set"),
        (3, &[(UpperCritical, 70.0)], "it is no sensor with thresholds"),
    ];
    for (nth, wanted, why) in cases {
        let error = bmc.set_thresholds(&info(&machine, nth), wanted).await.unwrap_err();
        assert!(matches!(*error.kind, ErrorKind::NotPossible(_)));
        assert!(error.to_string().contains(why), "{error}");
    }
    let mut elsewhere = info(&machine, 0);
    elsewhere.key.owner_id = 0x81;
    let error = bmc.set_thresholds(&elsewhere, &[(UpperCritical, 70.0)]).await.unwrap_err();
    assert!(error.to_string().contains("it belongs to 81h"), "{error}");
    assert_eq!(machine.count::<SetSensorThresholds>(), 0);
}

#[tokio::test]
async fn hysteresis_and_events_are_set_and_read_back() {
    let machine = machine([]);
    let mut settable = info(&machine, 0);
    let Record::Full(full) = &mut settable.record else { panic!() };
    full.sensor.capabilities = (full.sensor.capabilities & !0x30) | 0x20;
    let bmc = machine.bmc();
    let both = SensorHysteresis { positive: 3, negative: 4 };
    assert_eq!(bmc.set_hysteresis(&settable, both).await.unwrap(), both);
    let Record::Full(full) = &mut settable.record else { panic!() };
    full.sensor.capabilities &= !0x30;
    assert!(bmc.set_hysteresis(&settable, both).await.is_err());

    let events = EventBits { assertion: 0x0280, deassertion: 0 };
    let now = bmc.set_event_enables(&settable, true, true, EventEnableAction::Enable, events).await;
    let now = now.unwrap();
    assert_eq!((now.events, now.scanning_enabled), (events, true));
    bmc.rearm_sensor(&settable, None).await.unwrap();

    let sensor = bmc.sensors(false).await.unwrap().remove(0);
    let details = bmc.sensor_details(sensor).await.unwrap();
    assert_eq!(details.hysteresis, Some(both));
    assert_eq!(details.event_enables.unwrap().events, events);
    let sensor = bmc.sensors(false).await.unwrap().remove(1);
    machine.hook(|_, request| (request.cmd == 0x2b).then(|| Ok(code(0xc1))));
    assert_eq!(bmc.sensor_details(sensor).await.unwrap().event_status, None);
}

#[tokio::test]
async fn filters_choose_by_type_and_entity() {
    let machine = machine([presence_sensor(3, "Status", PSU, (8, 0x6f), 1), full_sensor(4, "CPU")]);
    let set = machine.bmc().sdrs().await.unwrap();
    let names = |query: SensorQuery| {
        query.select(&set).into_iter().map(|info| info.name).collect::<Vec<_>>()
    };
    let types = vec![SensorType::POWER_SUPPLY];
    assert_eq!(names(SensorQuery { types, ..SensorQuery::default() }), ["Status"]);
    let entities = vec![(0x0a, Some(1))];
    let psu = SensorQuery { entities, ..SensorQuery::default() };
    assert_eq!(names(psu.clone()), ["PSU Temp", "PSU Fan", "Status"]);
    let types = vec![SensorType::TEMPERATURE];
    assert_eq!(names(SensorQuery { types, ..psu.clone() }), ["PSU Temp", "PSU Fan"]);
    let sensors = vec![SensorRef::Name("CPU".into()), SensorRef::Number { lun: 0, number: 3 }];
    assert_eq!(names(SensorQuery { sensors: sensors.clone(), ..psu }), ["Status"]);
    assert_eq!(names(SensorQuery { sensors, ..SensorQuery::default() }), ["Status", "CPU"]);
    let entities = vec![(0x0a, Some(2))];
    assert!(names(SensorQuery { entities, ..SensorQuery::default() }).is_empty());
}

#[tokio::test]
async fn an_event_is_named_by_its_sensor_and_by_no_other() {
    let mut at_lun = full_sensor(1, "At LUN 1");
    at_lun[6] = 1;
    let mut satellite = full_sensor(1, "Satellite");
    satellite[5] = 0x82;
    let machine = machine([at_lun, satellite]);
    let set = machine.bmc().sdrs().await.unwrap();
    let name = |generator, number| set.sensor_of_event(generator, number).map(|info| info.name);
    assert_eq!(name(0x0020, 1).as_deref(), Some("PSU Temp"));
    assert_eq!(name(0x0120, 1).as_deref(), Some("At LUN 1"));
    assert_eq!(name(0x0082, 1).as_deref(), Some("Satellite"));
    // H8QME shifts the address.
    assert_eq!(name(0x0010, 2).as_deref(), Some("PSU Fan"));
    // The BIOS, the operating system, and sensors that nobody described.
    for (generator, number) in [(0x0031, 1), (0x0041, 1), (0x0020, 0x99), (0x0220, 1)] {
        assert_eq!(name(generator, number), None, "{generator:04x} {number:02x}");
    }
}
