//! The event log is changed by ipmitool, FreeIPMI and our client in turns, and each sees what the
//! others did.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::{Duration, Instant};

use common::events::{event, logged};
use common::{Bmc, rows};
use ipmi_client::sel::{from_raw, to_raw};
use ipmi_wire::sel::SelRecord;
use lantern_testkit::peers::freeipmi::parse::ipmi_sel;
use lantern_testkit::peers::ipmitool::parse::sel_rows;
use lantern_testkit::peers::{FreeIpmi, Ipmitool, PATIENCE};
use lantern_testkit::process;

/// The IDs that each program lists.
async fn ids(client: &ipmi_client::Bmc, ipmitool: &Ipmitool, freeipmi: &FreeIpmi) -> Vec<u16> {
    let ours: Vec<u16> = client.sel_entries().await.unwrap().iter().map(SelRecord::id).collect();
    let out = ipmitool.run("sel list");
    let theirs: Vec<u16> = sel_rows(out.expect_success()).iter().map(|row| row.id).collect();
    assert_eq!(ours, theirs);
    let out = freeipmi.run("ipmi-sel", "--quiet-cache --comma-separated-output");
    let theirs: Vec<u16> = ipmi_sel(out.expect_success()).iter().map(|event| event.id).collect();
    assert_eq!(ours, theirs);
    ours
}

/// The line of a text that begins with `name`, without it.
#[track_caller]
fn line<'a>(text: &'a str, name: &str) -> &'a str {
    let found = text.lines().find_map(|line| line.trim_start().strip_prefix(name));
    found.unwrap_or_else(|| panic!("no `{name}` in\n{text}")).trim_start_matches([' ', ':']).trim()
}

#[tokio::test]
async fn each_deletes_and_clears() {
    let bmc = Bmc::specimens();
    let (Some(ipmitool), Some(freeipmi)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    let (endpoint, client) = common::client_at(bmc.addr);
    for offset in 0..12 {
        client.sel_add(&event(0x02, 0x48, 0x05, true, [offset & 1, 0xff, 0xff])).await.unwrap();
    }
    assert_eq!(ids(&client, &ipmitool, &freeipmi).await, (1..=12).collect::<Vec<_>>());
    // One reservation for both, the last one first.
    let out = ipmitool.run("sel delete 2 5");
    assert_eq!(out.expect_success(), "Deleted entry 5\nDeleted entry 2\n");
    freeipmi.run("ipmi-sel", "--delete=1,12").expect_success();
    freeipmi.run("ipmi-sel", "--delete-range=7-9").expect_success();
    client.sel_delete(&[4]).await.unwrap();
    assert_eq!(ids(&client, &ipmitool, &freeipmi).await, [3, 6, 10, 11]);
    let refused = ipmitool.run("sel delete 2");
    let says = refused.expect_failure();
    assert!(says.contains("Requested sensor, data, or record not found"), "{refused}");

    // Each clears; what the other two see is an empty log that says when.
    for clear in 0..3 {
        client.sel_add(&event(0x02, 0x48, 0x05, true, [1, 0xff, 0xff])).await.unwrap();
        match clear {
            0 => drop(ipmitool.run("sel clear").expect_success().to_owned()),
            1 => drop(freeipmi.run("ipmi-sel", "--clear").expect_success().to_owned()),
            _ => client.sel_clear(Duration::from_secs(5)).await.unwrap(),
        }
        // ipmitool does not wait for the erasure's end; whoever asks meanwhile is told to wait.
        let started = Instant::now();
        while !client.sel_entries().await.unwrap().is_empty() {
            assert!(started.elapsed() < Duration::from_secs(10), "the erasure never ends");
        }
        let info = ipmitool.run("sel info");
        assert_eq!(line(info.expect_success(), "Entries"), "0", "{info}");
        assert_ne!(line(info.expect_success(), "Last Del Time"), "Not Available", "{info}");
        let info = freeipmi.run("ipmi-sel", "--info");
        assert_eq!(line(info.expect_success(), "Number of log entries"), "0", "{info}");
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn saved_by_one_and_added_by_another() {
    let logged = logged().await;
    let (Some(ipmitool), Some(freeipmi)) = (logged.bmc.ipmitool(17), logged.bmc.freeipmi(17))
    else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    // Raw: byte by byte what our client writes, and each reads what the other wrote.
    let raw = directory.path().join("sel.raw");
    ipmitool.run(&format!("sel writeraw {}", raw.display())).expect_success();
    let theirs = std::fs::read(&raw).unwrap();
    let mut ours = to_raw(&logged.log);
    // But for the manufacturer of a timestamped OEM record, which it keeps, and writes, the wrong
    // way round (ipmi_sel.c:1701).
    for record in ours.chunks_exact_mut(16).filter(|record| matches!(record[2], 0xc0..=0xdf)) {
        record[7..10].reverse();
    }
    assert_eq!(theirs, ours);
    assert_eq!(from_raw(&theirs).unwrap().len(), logged.log.len());
    let shown = ipmitool.run(&format!("sel readraw {}", raw.display()));
    assert_eq!(sel_rows(shown.expect_success()).len(), logged.log.len());

    // Text: seven bytes of each event, which `sel add` sends as platform events of its own.
    let text = directory.path().join("sel.txt");
    ipmitool.run(&format!("sel save {}", text.display())).expect_success();
    let saved = std::fs::read_to_string(&text).unwrap();
    assert_eq!(rows(&saved).len(), logged.log.len());
    let few: Vec<&str> = saved.lines().take(20).collect();
    std::fs::write(&text, few.join("\n") + "\n").unwrap();
    logged.client.sel_clear(Duration::from_secs(5)).await.unwrap();
    ipmitool.run(&format!("sel add {}", text.display())).expect_success();
    assert_eq!(ids(&logged.client, &ipmitool, &freeipmi).await.len(), 20);
    let added = logged.client.sel_entries().await.unwrap();
    for (added, before) in added.iter().zip(&logged.log) {
        // Its software's ID is the generator then.
        let mut expected = before.with_id(added.id());
        let SelRecord::System { generator, timestamp, .. } = &mut expected else { panic!() };
        (*generator, *timestamp) = (0x41, added.timestamp().unwrap().raw());
        assert_eq!(*added, expected);
    }

    // A replay of ours adds records as they are: OEMs', too.
    logged.client.sel_clear(Duration::from_secs(5)).await.unwrap();
    let replayed = logged.client.sel_replay(&logged.log).await.unwrap();
    assert!(replayed.failed.is_none() && replayed.added.len() == logged.log.len());
    let out = ipmitool.run("sel elist");
    assert_eq!(sel_rows(out.expect_success()).len(), logged.log.len());
}

#[tokio::test]
async fn what_is_made_up_is_logged() {
    let bmc = Bmc::specimens();
    let (Some(ipmitool), Some(freeipmi)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    let (endpoint, client) = common::client_at(bmc.addr);
    for predefined in 1..=3 {
        ipmitool.run(&format!("event {predefined}")).expect_success();
    }
    assert_eq!(ids(&client, &ipmitool, &freeipmi).await.len(), 3);
    let out = ipmitool.run("sel list");
    let listed = sel_rows(out.expect_success());
    for (row, says) in listed.iter().zip([
        "Upper Critical going high",
        "Lower Critical going low",
        "Correctable ECC",
    ]) {
        assert!(row.rest[1].starts_with(says), "{row:?}");
    }
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_full_log_says_so_to_all() {
    let bmc = Bmc::with(|config| config.log.capacity = 16);
    let (Some(ipmitool), Some(freeipmi)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    let (endpoint, client) = common::client_at(bmc.addr);
    client.sel_clear(Duration::from_secs(5)).await.unwrap();
    let record = event(0x02, 0x48, 0x05, true, [1, 0xff, 0xff]);
    while client.sel_entries().await.unwrap().len() < 16 {
        client.sel_add(&record).await.unwrap();
    }
    let error = client.sel_add(&record).await.unwrap_err();
    assert!(error.completion().is_some(), "{error}");
    let info = ipmitool.run("sel info");
    assert_eq!(line(info.expect_success(), "Free Space"), "0 bytes", "{info}");
    assert_eq!(line(info.expect_success(), "Overflow"), "true", "{info}");
    assert_eq!(line(info.expect_success(), "Percent Used"), "100%", "{info}");
    let info = freeipmi.run("ipmi-sel", "--info");
    let lost = line(info.expect_success(), "Events dropped due to lack of space");
    assert_eq!(lost, "Yes", "{info}");
    assert_eq!(ids(&client, &ipmitool, &freeipmi).await.len(), 16);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn the_logs_time_is_set_and_read_by_each() {
    let bmc = Bmc::specimens();
    let (Some(ipmitool), Some(freeipmi)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    let (endpoint, client) = common::client_at(bmc.addr);
    let near = |time: u32, other: u32| time.abs_diff(other) <= 5;
    // 2031-02-03 04:05:06 UTC.
    let chosen = 1_927_857_906;
    let mut command = ipmitool.command("sel time set");
    command.arg("02/03/31 04:05:06");
    process::run(&mut command, PATIENCE).expect_success();
    let now = client.sel_time().await.unwrap();
    assert!(near(now.0, chosen), "{now:?}");
    let said = ipmitool.run("sel time get");
    assert!(said.expect_success().starts_with("02/03/31 04:05:"), "{said}");
    let said = freeipmi.run("bmc-device", "--get-sel-time");
    assert!(line(said.expect_success(), "SEL Time").starts_with("02/03/2031 - 04:05:"), "{said}");

    // An event carries it.
    client.sel_add(&event(0x02, 0x48, 0x05, true, [1, 0xff, 0xff])).await.unwrap();
    let out = freeipmi.run("ipmi-sel", "--quiet-cache --comma-separated-output --tail=1");
    assert_eq!(ipmi_sel(out.expect_success())[0].when.0, "Feb-03-2031");

    freeipmi.run("bmc-device", "--set-sel-time=now").expect_success();
    let now = client.sel_time().await.unwrap();
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(near(now.0, u32::try_from(clock.as_secs()).unwrap()), "{now:?}");
    client.set_sel_time(chosen).await.unwrap();
    let said = ipmitool.run("sel time get");
    assert!(said.expect_success().starts_with("02/03/31 04:05:"), "{said}");
    endpoint.shutdown().await;
}
