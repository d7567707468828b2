//! A guest with both programs in it.

use std::path::Path;

use lantern_testkit::guest::{Guest, Image, Kit};
use lantern_testkit::peers::Peer;

use crate::records;

/// Where the drop-in is called by its other name.
pub(crate) const OURS: &str = "/opt/ipmitool";

/// The modules, in the order in which they are loaded.
pub(crate) const LOAD: &str = "modprobe ipmi_msghandler; modprobe ipmi_devintf; modprobe ipmi_si";

/// A user who is not root.
pub(crate) const NOBODY: &str = "echo 'nobody:x:65534:65534::/:/bin/sh' >> /etc/passwd";

/// A machine with a BMC that QEMU simulates, or without one.
pub(crate) struct Machine {
    pub(crate) guest: Guest,
    _files: tempfile::TempDir,
}

/// A machine with this interface (`isa-ipmi-kcs,irq=5`), with the kernel's modules loaded. `None` if
/// there is no kernel or no ipmitool here, and neither is required.
pub(crate) fn machine(interface: &str) -> Option<Machine> {
    let mut machine = bare_machine(Some(interface))?;
    load(&mut machine);
    Some(machine)
}

fn load(machine: &mut Machine) {
    let _ = machine.guest.agent.run(LOAD).expect_success();
    let wait =
        "n=0; while [ ! -e /dev/ipmi0 ]; do sleep 0.1; n=$((n+1)); [ $n -lt 100 ] || exit 1; done";
    let _ = machine.guest.agent.run(wait).expect_success();
}

/// A machine whose BMC is ours, at this socket, with the kernel's modules loaded.
pub(crate) fn machine_of_ours(socket: &Path) -> Option<Machine> {
    let chardev = format!("socket,id=vm,path={},reconnect=1", socket.display());
    let extra = [
        "-chardev",
        &chardev,
        "-device",
        "ipmi-bmc-extern,id=bmc,chardev=vm",
        "-device",
        "isa-ipmi-kcs,bmc=bmc,irq=5",
    ];
    let mut machine = start(&extra, tempfile::tempdir().unwrap())?;
    load(&mut machine);
    Some(machine)
}

/// The same as it is before anybody has loaded anything.
pub(crate) fn bare_machine(interface: Option<&str>) -> Option<Machine> {
    let files = tempfile::tempdir().unwrap();
    let at = |name: &str, content: &[u8]| {
        let path = files.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let (sdrs, fru) = (at("sdrs", &records::sdrs()), at("fru", &records::fru()));
    let bmc = format!(
        "ipmi-bmc-sim,id=bmc,sdrfile={sdrs},frudatafile={fru},fruareasize=2048,\
         guid=44454c4c-3600-1051-8058-b4c04f564431,mfg_id=10876,product_id=2404"
    );
    let interface = interface.map(|interface| format!("{interface},bmc=bmc"));
    let mut extra = Vec::new();
    if let Some(interface) = &interface {
        extra.extend(["-device", &bmc, "-device", interface]);
    }
    start(&extra, files)
}

fn start(extra: &[&str], files: tempfile::TempDir) -> Option<Machine> {
    let (kit, ipmitool) = (Kit::find()?, Peer::find("ipmitool")?);
    let lantern = Path::new(env!("CARGO_BIN_EXE_lantern"));
    let image = Image::new(&kit)
        .program("/usr/bin/ipmitool", ipmitool.path())
        .program("/usr/bin/lantern", lantern)
        .link(OURS, "/usr/bin/lantern");
    // What makers are called, as the original knows it.
    let names = "/usr/share/misc/enterprise-numbers.txt";
    let image = match std::fs::read(names) {
        Ok(list) => image.file(names, 0o644, list),
        Err(_) => image,
    };
    Some(Machine { guest: Guest::start(&kit, &image, extra), _files: files })
}
