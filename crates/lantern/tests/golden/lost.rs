//! What is lost or goes round in circles between us and a BMC.

use std::process::Command;

use crate::between::{Between, message};
use crate::support::{Bmc, PASSWORD, example, finish, lantern};

/// The BMC of the examples, with a suite whose packets can be seen and changed.
fn open_bmc(suite: u8) -> Bmc {
    let suites = format!("suites = [17, 3, {suite}]\nallow_insecure_suites = true");
    Bmc::with(&example().replace("suites = [17, 3]", &suites), &[])
}

fn drop_in(between: &Between, suite: &str) -> Command {
    let mut command = lantern();
    let (host, port) = (between.address.ip().to_string(), between.address.port().to_string());
    command.args(["ipmitool", "-I", "lanplus", "-C", suite, "-H", &host, "-p", &port]);
    command.args(["-U", "admin", "-P", PASSWORD]);
    command
}

fn is_cold_reset(datagram: &[u8]) -> bool {
    let message = message(datagram).and_then(|range| datagram.get(range));
    matches!(message, Some([_, 0x18, _, _, _, 0x02, _]))
}

#[test]
fn a_reset_that_never_arrived_is_no_success() {
    let bmc = open_bmc(2);
    let between = Between::new(bmc.address, |out, datagram| {
        let lost = out && is_cold_reset(&datagram);
        (!lost).then_some(datagram)
    });
    let reset =
        |more: &[&str]| finish(drop_in(&between, "2").args(["-N", "1", "-R", "1"]).args(more));
    let cold = reset(&["mc", "reset", "cold"]);
    assert_eq!((cold.code(), cold.stdout.as_str()), (Some(1), ""), "{cold}");
    assert!(cold.stderr.contains("MC reset command failed"), "{cold}");

    // One that restarts before it answers has done what it was told to.
    let silent = Between::new(bmc.address, {
        let gone = std::sync::atomic::AtomicBool::new(false);
        move |out, datagram| {
            use std::sync::atomic::Ordering::Relaxed;
            if out && is_cold_reset(&datagram) {
                gone.store(true, Relaxed);
            }
            (!gone.load(Relaxed)).then_some(datagram)
        }
    });
    let mut command = drop_in(&silent, "2");
    let cold = finish(command.args(["-N", "1", "-R", "1", "mc", "reset", "cold"]));
    assert_eq!(cold.code(), Some(0), "{cold}");
    assert_eq!(cold.stdout, "Sent cold reset command to MC\n");
}

/// Two's complement, as IPMI sums up.
fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte))
}

#[test]
fn a_list_that_leads_back_into_itself_is_not_taken_for_whole() {
    let bmc = open_bmc(0);
    // Every record says that the first is next.
    let between = Between::new(bmc.address, |out, mut datagram| {
        if let (false, Some(range)) = (out, message(&datagram)) {
            let message = &mut datagram[range];
            let is_record = matches!(
                message,
                [_, 0x2c, _, _, _, 0x43 | 0x23, 0, ..] if message.len() > 10
            );
            if is_record {
                message[7..9].copy_from_slice(&[1, 0]);
                let last = message.len() - 1;
                message[last] = sum(&message[3..last]);
            }
        }
        Some(datagram)
    });
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for words in [
        &["sel", "list"][..],
        &["sel", "elist"],
        &["sel", "save", &path("log")],
        &["sel", "writeraw", &path("raw")],
        &["sdr"],
        &["sdr", "dump", &path("sdr")],
        &["sensor"],
    ] {
        let output = finish(drop_in(&between, "0").args(words));
        assert_eq!(output.code(), Some(1), "{output}");
        assert!(output.stderr.contains("leads back in a circle"), "{output}");
    }
    // In a shell, the next one is not blamed for it.
    let script = directory.path().join("script");
    std::fs::write(&script, "sel list\npower status\n").unwrap();
    let exec = finish(drop_in(&between, "0").arg("exec").arg(script));
    assert!(exec.stdout.contains("Chassis Power is"), "{exec}");
}
