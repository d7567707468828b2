//! Our client reads the events that ipmitool and FreeIPMI read, of OpenIPMI's `ipmi_sim`, and a log
//! that changes meanwhile; and records that lie do not lead it astray.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::Bmc;
use common::events::{check_detail, event};
use common::pair::Pair;
use ipmi_client::sensors::Reading;
use ipmi_wire::Encode;
use ipmi_wire::sdr::Record;
use ipmi_wire::sel::SelRecord;
use lantern_testkit::peers::freeipmi::parse::ipmi_sel_hex;
use lantern_testkit::peers::ipmitool::parse::{sdr_elist, sel_details};
use lantern_testkit::peers::{IpmiSim, Machine};

#[tokio::test]
async fn every_event_of_ipmi_sim() {
    let Some(sim) = IpmiSim::start_with(Machine::rich()) else { return };
    let Some(pair) = Pair::at_sim(&sim) else { return };
    let log = pair.client.sel_entries().await.unwrap();
    assert_eq!(log.len(), sim.machine().events.len());
    for (record, (record_type, data)) in log.iter().zip(&sim.machine().events) {
        // What it was told, but for its own time.
        let bytes = record.to_bytes();
        assert_eq!(bytes[2], *record_type);
        let timed = if *record_type < 0xe0 { 4 } else { 0 };
        assert_eq!(bytes[3 + timed..], data[timed..]);
    }
    let out = pair.ipmitool.run("sel list -v");
    let details = sel_details(out.expect_success());
    assert_eq!(details.len(), log.len());
    for (said, record) in details.iter().zip(&log) {
        check_detail(said, record, "Event Data");
    }
    let out = pair.freeipmi.run("ipmi-sel", "--quiet-cache --hex-dump");
    let bytes: Vec<Vec<u8>> = log.iter().map(Encode::to_bytes).collect();
    assert_eq!(ipmi_sel_hex(out.expect_success()), bytes);
    pair.endpoint.shutdown().await;
}

/// Somebody adds, deletes and clears all the time: what is read was there, in order, and nothing
/// twice.
#[tokio::test]
async fn a_log_that_changes_while_it_is_read() {
    let bmc = Bmc::specimens();
    let (endpoint, reader) = common::client_at(bmc.addr);
    let (_other_endpoint, writer) = common::client_at(bmc.addr);
    let numbered = |n: u8| event(0x02, 0x48, 0x05, true, [1, n, 0xff]);
    for n in 0..100 {
        writer.sel_add(&numbered(n)).await.unwrap();
    }
    let writing = tokio::spawn(async move {
        for round in 0..6u8 {
            for n in 0..20 {
                writer.sel_add(&event(0x02, 0x48, 0x05, true, [1, 100 + n, 0xff])).await.unwrap();
                let first = writer.sel_entries().await.unwrap()[0].id();
                writer.sel_delete(&[first]).await.unwrap();
            }
            if round == 3 {
                writer.sel_clear(Duration::from_secs(5)).await.unwrap();
            }
        }
    });
    let mut reads = 0;
    while !writing.is_finished() {
        let log = reader.sel_log().await.unwrap();
        let ids: Vec<u16> = log.records.iter().map(SelRecord::id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}: {:?}", log.ending);
        for record in &log.records {
            let SelRecord::System { sensor_number, .. } = record else { panic!("{record:?}") };
            assert_eq!(*sensor_number, 0x48);
        }
        reads += 1;
    }
    writing.await.unwrap();
    assert!(reads > 3, "{reads}");
    endpoint.shutdown().await;
}

/// Records that are shorter than they should be, or whose name is longer than they are: the others
/// are read as if these were not there, by us as by ipmitool.
#[tokio::test]
async fn records_that_lie() {
    let mut machine = Machine::rich();
    let whole = machine.sensors[0].record();
    let with_length = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[4] = u8::try_from(bytes.len() - 5).unwrap();
        bytes
    };
    // A name of sixteen characters of which there are three, one of none, one of type and no length.
    let mut long = with_length(&whole[..51]);
    long[47] = 0xd0;
    let mut none = with_length(&whole[..48]);
    none[47] = 0xc0;
    // A full record that ends in its thresholds, and a header with nothing behind it.
    let cut = with_length(&whole[..40]);
    let bare = with_length(&whole[..6]);
    machine.records.splice(0..0, [long, none, cut, bare]);
    let Some(sim) = IpmiSim::start_with(machine) else { return };
    let Some(pair) = Pair::at_sim(&sim) else { return };
    let records = pair.client.sdr_records().await.unwrap();
    let machine = sim.machine();
    let count = machine.sensors.len() + machine.states.len() + machine.records.len();
    assert_eq!(records.len(), count);
    let damaged = records.iter().filter(|record| matches!(record, Record::Other { .. })).count();
    assert_eq!(damaged, 2, "what ends too early for its type is kept as it came");
    let sensors = pair.client.sensors(true).await.unwrap();
    // Two more than the machine has: those with the odd names are the first sensor again.
    assert_eq!(sensors.len(), machine.sensors.len() + machine.states.len() + 2);
    let again: Vec<_> = sensors.iter().filter(|sensor| sensor.info.key.number == 1).collect();
    let names: Vec<&str> = again.iter().map(|sensor| sensor.name()).collect();
    assert_eq!(names, ["CPU Temp", "CPU", ""]);
    for sensor in again {
        let Reading::Analog { value, .. } = sensor.reading else { panic!("{sensor:?}") };
        assert_eq!(value, Some(42.0));
    }
    let out = pair.ipmitool.run("sdr elist all");
    let rows = sdr_elist(out.expect_success());
    for simulated in &machine.sensors {
        assert!(rows.iter().any(|row| row.name == simulated.name), "{out}");
    }
    pair.endpoint.shutdown().await;
}
