//! Controllers behind a BMC that we did not write, and the bytes that reach them: those of ipmitool
//! and FreeIPMI.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::Bmc;
use common::pair::Pair;
use ipmi_client::fru::FruPlace;
use ipmi_client::sensors::{Reading, SensorState, Silence};
use ipmi_client::{Credentials, Endpoint};
use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::cmd::app::{GetDeviceId, SendMessage};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{CipherSuite, SessionPacket};
use ipmi_wire::{Channel, Decode, NetFn, Request};
use lantern_testkit::peers::ipmitool::parse::{Cell, sensor_list};
use lantern_testkit::peers::{FreeIpmi, IpmiSim, Ipmitool, Machine};
use lantern_testkit::tap::{Direction, Tap};

fn satellites() -> Option<(IpmiSim, Pair)> {
    let sim = IpmiSim::start_with(Machine::with_satellites())?;
    let pair = Pair::at_sim(&sim)?;
    Some((sim, pair))
}

#[tokio::test]
async fn a_controller_behind_the_bmc_says_what_ipmitool_and_freeipmi_hear() {
    let Some((_sim, pair)) = satellites() else { return };
    for (address, number) in [(0x30, 0x77), (0x32, 0x78)] {
        let id = pair.client.behind(Route::to(Hop::ipmb(address))).send(&GetDeviceId).await;
        let id = id.unwrap();
        assert_eq!((id.device_id, id.firmware_major, id.firmware_minor), (number, 2, 3));
        let said = pair.ipmitool.run(&format!("-t {address:#x} mc info"));
        let said = said.expect_success();
        assert!(said.contains(&format!("Device ID                 : {number}")), "{said}");
        assert!(said.contains("Firmware Revision         : 2.03"), "{said}");
        let words =
            format!("--target-channel-number=0 --target-slave-address={address} --get-device-id");
        let said = pair.freeipmi.run("bmc-info", &words);
        let said = said.expect_success();
        assert!(said.contains(&format!("Device ID             : {number}")), "{said}");
    }
    // The handle in front of it is still the BMC's.
    assert_eq!(pair.client.send(&GetDeviceId).await.unwrap().device_id, 0);
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn sensors_of_satellites_read_as_ipmitool_reads_them() {
    let Some((_sim, pair)) = satellites() else { return };
    let begun = Instant::now();
    let sensors = pair.client.sensors(true).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let said = pair.ipmitool.run("sensor list");
    let rows = sensor_list(said.expect_success());
    assert_eq!((sensors.len(), rows.len()), (13, 13));
    for (sensor, row) in sensors.iter().zip(&rows) {
        assert_eq!(sensor.name(), row.name);
        let ours = match &sensor.reading {
            Reading::Analog { value, .. } => *value,
            _ => None,
        };
        match &row.reading {
            Cell::Value(figure) => assert!(figure.is_within_last_digit(ours), "{}", row.name),
            other => assert!(ours.is_none() && sensor.name().starts_with("Gone"), "{other:?}"),
        }
    }
    let state = |name: &str| sensors.iter().find(|s| s.name() == name).unwrap().state;
    assert_eq!(state("Sat Temp"), SensorState::Nominal);
    assert_eq!(state("Gone Temp"), SensorState::Unreadable(Silence::Failed));
    assert_eq!(state("Gone Too"), SensorState::Unreadable(Silence::OutOfReach(0x40)));
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn inventories_of_satellites_are_read_where_they_are() {
    let Some((_sim, pair)) = satellites() else { return };
    let said = pair.ipmitool.run("fru print");
    let said = said.stdout.clone();
    let mut found = Vec::new();
    for device in pair.client.fru_devices().await.unwrap() {
        let (reader, fru) = pair.client.fru_at(device.place).unwrap();
        match reader.read_fru_areas(fru).await {
            Ok(image) => {
                let image = image.unwrap();
                let (contents, _) = ipmi_wire::fru::Fru::decode(&image.bytes).unwrap();
                let product = contents.board.unwrap().text(1).unwrap();
                assert!(said.contains(&format!("Board Product         : {product}")), "{said}");
                found.push(product);
            }
            Err(error) => {
                let gone = Hop::ipmb(0x40);
                assert!(
                    matches!(device.place, FruPlace::Behind { controller, .. } if controller == gone)
                );
                assert!(error.is_behind_bmc(), "{error}");
            }
        }
    }
    assert_eq!(found, ["Board One", "Satellite A", "Satellite B"]);
    pair.endpoint.shutdown().await;
}

/// Every Send Message that went to the BMC through `tap`: its number, and what is in it.
fn bridged(tap: &Tap) -> Vec<(u8, Vec<u8>)> {
    let to_bmc = tap.packets().into_iter().filter(|packet| packet.direction == Direction::ToBmc);
    let mut found = Vec::new();
    for packet in to_bmc {
        let Ok(Some(SessionPacket::V20(v20))) = SessionPacket::decode_datagram(&packet.bytes)
        else {
            continue;
        };
        let Ok(message) = LanMessage::decode_exact(v20.payload) else { continue };
        if (message.netfn, message.cmd) == (0x06, 0x34) {
            assert_eq!((message.to_address, message.from_address), (0x20, 0x81));
            found.push((message.sequence, message.data));
        }
    }
    found
}

fn get_device_id() -> Request {
    Request { netfn: NetFn::App, lun: 0, cmd: 0x01, data: Vec::new() }
}

/// What our client sends by `route`, over a suite that leaves it readable.
async fn ours(bmc: SocketAddr, route: Route) -> Vec<(u8, Vec<u8>)> {
    let tap = Tap::start(bmc);
    let endpoint = Endpoint::bind().unwrap();
    let suites = vec![CipherSuite(1)];
    let credentials =
        Credentials { suites, ..common::credentials(ipmi_wire::Privilege::Administrator) };
    let client = ipmi_client::Bmc::new(&endpoint, tap.addr(), credentials);
    let error = client.behind(route).send(&GetDeviceId).await.unwrap_err();
    assert!(error.is_behind_bmc(), "{error}");
    endpoint.shutdown().await;
    bridged(&tap)
}

/// That all messages are what `route` makes of Get Device ID.
fn check(messages: &[(u8, Vec<u8>)], route: Route) {
    assert!(!messages.is_empty());
    for (number, bytes) in messages {
        let expected = route.wrap(*number, &get_device_id()).data;
        assert_eq!(*bytes, expected, "{bytes:02x?} is not {expected:02x?}");
    }
}

#[tokio::test]
async fn what_reaches_the_bus_is_byte_for_byte_what_ipmitool_sends() {
    let bmc = Bmc::with_suites(&[1]);
    let hop = |address, channel| Hop { address, channel: Channel::new(channel) };
    let far =
        |local_address| Route { target: hop(0x82, 7), transit: Some(hop(0x2c, 6)), local_address };
    let own = Some(hop(0x20, 6));
    for (options, route) in [
        ("-t 0x30", Route::to(Hop::ipmb(0x30))),
        ("-t 0x82 -b 7", Route::to(hop(0x82, 7))),
        ("-m 0x20 -t 0x82 -b 7 -T 0x2c -B 6", far(None)),
        ("-m 0x34 -t 0x82 -b 7 -T 0x2c -B 6", far(Some(0x34))),
        ("-m 0x81 -t 0x82 -b 7 -T 0x20 -B 6", Route { transit: own, ..far(Some(0x81)) }),
    ] {
        let tap = Tap::start(bmc.addr);
        let Some(tool) = Ipmitool::new(tap.addr(), "admin", "Complex_Pass") else { return };
        tool.suite(1).run(&format!("{options} raw 6 1"));
        let theirs: Vec<_> = bridged(&tap)
            .into_iter()
            // It asks the target for a PICMG address first.
            .filter(|(number, bytes)| {
                bytes.len() == route.wrap(*number, &get_device_id()).data.len()
            })
            .collect();
        check(&theirs, route);
        check(&ours(bmc.addr, route).await, route);
    }
}

#[tokio::test]
async fn freeipmi_names_the_bmc_as_the_sender() {
    let bmc = Bmc::with_suites(&[1]);
    let tap = Tap::start(bmc.addr);
    let Some(tool) = FreeIpmi::new(tap.addr(), "admin", "Complex_Pass") else { return };
    let words = "--target-channel-number=7 --target-slave-address=130 --get-device-id";
    tool.suite(1).run("bmc-info", words);
    let target = Hop { address: 0x82, channel: Channel::new(7) };
    let route = Route { local_address: Some(0x20), ..Route::to(target) };
    check(&bridged(&tap), route);
    check(&ours(bmc.addr, route).await, route);
    let sent = SendMessage::decode_exact(&bridged(&tap)[0].1).unwrap();
    assert_eq!(sent.channel, Channel::new(7));
}
