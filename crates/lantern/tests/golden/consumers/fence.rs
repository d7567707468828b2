//! ClusterLabs' fence agent, which Pacemaker, Cobbler and Beaker use.

use std::net::SocketAddr;
use std::path::Path;

use lantern_testkit::peers::Peer;

use super::Programs;
use crate::pair::Pair;
use crate::support::{PASSWORD, finish};

#[test]
fn fence_ipmilan_fences_with_it_as_with_the_real_one() {
    let Some(fence) = Peer::find("fence_ipmilan") else { return };
    let Some((pair, programs)) = Pair::reference().zip(Programs::find()) else { return };
    let run = |path: &Path, bmc: SocketAddr, action: &str, more: &[&str]| {
        let mut command = fence.command();
        command
            .args(["--lanplus", "--cipher=17", "--username=admin", "--power-wait=0"])
            .arg(format!("--password={PASSWORD}"))
            .arg(format!("--ip={}", bmc.ip()))
            .arg(format!("--ipport={}", bmc.port()))
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
        let ours = run(&programs.our_path(), pair.our_address(), action, more);
        let theirs = run(programs.their_path(), pair.their_address(), action, more);
        assert_eq!(
            (&ours.stdout, ours.code()),
            (&theirs.stdout, theirs.code()),
            "{action}: {ours}"
        );
        assert!(ours.stdout.contains(says), "{action}: {ours}");
        // A cycle is over when the power is back, on both.
        if action == "reboot" {
            pair.until("power status", "is on");
        }
    }
}
