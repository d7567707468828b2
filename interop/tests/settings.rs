//! What our client sets of a chassis and a controller, as ipmitool and FreeIPMI see it afterwards on
//! the same BMC; and what they set, as our client reads it. The command line's side of it is in
//! `crates/lantern/tests/cli/settings.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use common::pair::Pair;
use common::{Bmc, client_at};
use ipmi_client::chassis::BootRequest;
use ipmi_client::controller::WatchdogRequest;
use ipmi_wire::cmd::app::{PreTimeoutInterrupt, TimeoutAction, TimerUse};
use ipmi_wire::cmd::chassis::{BootDevice, BootFlags, PowerAction};
use ipmi_wire::cmd::sensor::PlatformEvent;
use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::SelRecord;

#[tokio::test]
async fn boot_flags_are_freeipmis_and_its_are_ours() {
    let bmc = Bmc::reference();
    let Some(pair) = Pair::at(&bmc) else { return };
    let flags = BootFlags {
        valid: true,
        efi: true,
        device: BootDevice::CD,
        lock_keyboard: true,
        blank_screen: true,
        ..BootFlags::default()
    };
    let request = BootRequest { flags, keep_valid: Some(0x08), take_over: false };
    let change = pair.client.set_boot(&request).await.unwrap();
    assert!(change.dropped().is_empty() && change.claimed && change.announced, "{change:?}");
    let told = pair.freeipmi.run("ipmi-chassis", "--get-boot-flags");
    for line in [
        "BIOS boot type                : Extensible firmware Interface boot",
        "Boot device selector          : Force boot from default CD/DVD",
        "Lock keyboard                 : Enabled",
        "Screen blank                  : Enabled",
        "Clear CMOS                    : Disabled",
    ] {
        assert!(told.expect_success().lines().any(|l| l.trim() == line), "no `{line}` in\n{told}");
    }
    let pairs = "--key-pair=Chassis_Boot_Flags:Boot_Device=PXE \
                 --key-pair=Chassis_Boot_Flags:Boot_Flags_Persistent=Yes";
    pair.freeipmi.run("ipmi-config", &format!("-g chassis --commit {pairs}")).expect_success();
    let now = pair.client.boot_flags().await.unwrap();
    assert_eq!((now.device, now.persistent), (BootDevice::PXE, true));
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_watchdog_that_our_client_winds_up_acts_and_is_stopped_in_time() {
    let bmc = Bmc::reference();
    let Some(pair) = Pair::at(&bmc) else { return };
    let client = &pair.client;
    let request = WatchdogRequest {
        timer_use: Some(TimerUse::SmsOs),
        action: Some(TimeoutAction::PowerDown),
        interrupt: Some(PreTimeoutInterrupt::None),
        initial: Some(600),
        ..WatchdogRequest::default()
    };
    assert!(client.set_watchdog(&request).await.unwrap().dropped().is_empty());
    assert!(client.wind_watchdog().await.unwrap().1);
    // SMS/OS, running, power down, 60 s: as FreeIPMI has the bytes.
    let raw = pair.freeipmi.run("ipmi-raw", "0 6 25");
    assert!(raw.expect_success().starts_with("rcvd: 25 00 44 02 00 00 58 02"), "{raw}");
    let (stopped, is_so) = client.stop_watchdog().await.unwrap();
    assert!(is_so && stopped.timer.settings.timer_use == TimerUse::SmsOs);
    let told = pair.ipmitool.run("mc watchdog get");
    assert!(told.expect_success().contains("Watchdog Timer Is:      Stopped"), "{told}");
    // Wound up by ipmitool, it is seen to count; and it does what it was set to.
    client.set_watchdog(&WatchdogRequest { initial: Some(10), ..request }).await.unwrap();
    pair.ipmitool.run("mc watchdog reset").expect_success();
    assert_eq!(client.watchdog().await.unwrap().counting, Some(true));
    let begun = std::time::Instant::now();
    while client.is_powered_on().await.unwrap() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not act");
    }
    let expired = client.watchdog().await.unwrap().timer;
    assert_eq!((expired.expired, expired.running), (1 << 4, false));
    let (_, waited) =
        client.power_and_wait(PowerAction::On, Duration::from_secs(20)).await.unwrap();
    assert!(waited.unwrap().reached);
    let told = pair.ipmitool.run("chassis power status");
    assert_eq!(told.expect_success(), "Chassis Power is on\n");
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn an_event_that_was_sent_is_in_the_log_that_the_peers_read() {
    let bmc = Bmc::reference();
    let (Some(ipmitool), Some(freeipmi)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    let (endpoint, client) = client_at(bmc.addr);
    let event = PlatformEvent {
        generator: None,
        evm_rev: SelRecord::EVM_REV,
        sensor_type: SensorType::MEMORY,
        sensor_number: 0x53,
        assertion: true,
        event_type: EventReadingType::SENSOR_SPECIFIC,
        data: [0x01, 0xff, 0xff],
    };
    let id = client.send_event(&event).await.unwrap().record.unwrap().unwrap();
    let list = ipmitool.run("sel list last 1");
    let line = list.expect_success();
    assert_eq!(u16::from_str_radix(line.split('|').next().unwrap().trim(), 16), Ok(id), "{list}");
    assert!(line.contains("Memory #0x53 | Uncorrectable ECC | Asserted"), "{list}");
    let list = freeipmi.run("ipmi-sel", &format!("--display={id}"));
    assert!(list.expect_success().contains("Uncorrectable memory error"), "{list}");
    endpoint.shutdown().await;
}
