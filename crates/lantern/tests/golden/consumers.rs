//! Programs that call ipmitool, with ours in its place.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use lantern_testkit::peers::Peer;

use crate::support::{Bmc, PASSWORD, finish};

/// A directory in which `ipmitool` is ours.
fn ipmitool() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_lantern"), directory.path().join("ipmitool")).unwrap();
    directory
}

#[test]
fn under_the_name_of_ipmitool_it_is_one() {
    let (bmc, directory) = (Bmc::start(), ipmitool());
    let run = |words: &[&str]| {
        let mut command = Command::new(directory.path().join("ipmitool"));
        finish(command.args(words).env("LANTERN_CONFIG", "none"))
    };
    assert_eq!(run(&["-V"]).stdout, "ipmitool version 1.8.19\n");
    let (host, port) = (bmc.address.ip().to_string(), bmc.address.port().to_string());
    // Ironic's command line, to the letter; what it compares is the whole of standard output.
    let file = directory.path().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    let ironic = |words: &[&str]| {
        let mut all = vec!["-I", "lanplus", "-H", &host, "-L", "ADMINISTRATOR", "-p", &port];
        all.extend(["-U", "admin", "-v", "-R", "1", "-N", "5", "-f", file.to_str().unwrap()]);
        all.retain(|word| *word != "-v");
        all.extend(words);
        run(&all)
    };
    assert_eq!(ironic(&["power", "status"]).stdout, "Chassis Power is on\n");
    assert!(ironic(&["power", "off"]).is_success());
    assert_eq!(ironic(&["power", "status"]).stdout, "Chassis Power is off\n");
    assert!(ironic(&["raw", "0x00", "0x08", "0x03", "0x08"]).is_success());
    for probe in ["-N 0 -R 0 -h", "-m 0 -b 0 -t 0 -h", "-m 0 -b 0 -t 0 -B 0 -T 0 -h"] {
        assert!(run(&probe.split(' ').collect::<Vec<_>>()).is_success(), "{probe}");
    }
    // bmclib looks at the beginning of both outputs together.
    let mut command = Command::new(directory.path().join("ipmitool"));
    command.args(["-I", "lanplus", "-U", "admin", "-E", "-N", "5", "-H", &host, "-p", &port]);
    command.args(["-C", "17", "chassis", "power", "on"]).env("IPMITOOL_PASSWORD", PASSWORD);
    let output = finish(&mut command);
    assert!((output.stderr + &output.stdout).starts_with("Chassis Power Control: Up/On"));
}

#[test]
fn fence_ipmilan_fences_with_it_as_with_the_real_one() {
    let Some(fence) = Peer::find("fence_ipmilan") else { return };
    let Some(real) = Peer::find("ipmitool") else { return };
    let directory = ipmitool();
    let (ours, theirs) = (directory.path().join("ipmitool"), real.path().to_owned());
    let (ours, theirs) = ((ours, Bmc::start()), (theirs, Bmc::start()));
    let run = |(path, bmc): &(PathBuf, Bmc), action: &str, more: &[&str]| {
        let mut command = fence.command();
        command
            .args(["--lanplus", "--cipher=17", "--username=admin", "--power-wait=0"])
            .arg(format!("--password={PASSWORD}"))
            .arg(format!("--ip={}", bmc.address.ip()))
            .arg(format!("--ipport={}", bmc.address.port()))
            .arg(format!("--ipmitool-path={}", path.display()))
            .arg(format!("--action={action}"))
            .args(more)
            .env("LANTERN_CONFIG", "none");
        finish(&mut command)
    };
    for (action, more, says) in [
        ("status", &[][..], "Status: ON"),
        ("monitor", &[], ""),
        ("off", &[], "Success: Powered OFF"),
        ("status", &[], "Status: OFF"),
        ("on", &[], "Success: Powered ON"),
        ("reboot", &[], "Success: Rebooted"),
        ("reboot", &["--method=cycle"], "Success: Rebooted"),
        ("diag", &[], ""),
        ("on", &[], "Success:"),
        ("status", &["--privlvl=operator"], "Status: ON"),
        ("status", &["--password=wrong"], ""),
    ] {
        let (ours, theirs) = (run(&ours, action, more), run(&theirs, action, more));
        assert_eq!(
            (&ours.stdout, ours.code()),
            (&theirs.stdout, theirs.code()),
            "{action}: {ours}"
        );
        assert!(ours.stdout.contains(says), "{action}: {ours}");
    }
}
