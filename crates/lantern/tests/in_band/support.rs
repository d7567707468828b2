//! A guest with both programs in it.

use std::path::Path;

use lantern_testkit::guest::{Guest, Image, Kit, MODULES};
use lantern_testkit::peers::Peer;

use crate::records;

/// Where the drop-in is called by its other name.
pub(crate) const OURS: &str = "/opt/ipmitool";

/// A user who is not root.
pub(crate) const NOBODY: &str = "echo 'nobody:x:65534:65534::/:/bin/sh' >> /etc/passwd";

/// A machine with a BMC that QEMU simulates, or without one.
pub(crate) struct Machine {
    pub(crate) guest: Guest,
    _files: Option<tempfile::TempDir>,
}

/// A machine with this interface (`isa-ipmi-kcs,irq=5`), with the kernel's modules loaded. `None` if
/// there is no kernel or no ipmitool here, and neither is required.
pub(crate) fn machine(interface: &str) -> Option<Machine> {
    let mut machine = bare_machine(Some(interface))?;
    machine.guest.load(&MODULES);
    Some(machine)
}

/// A machine whose BMC is ours, at this socket, with the kernel's modules loaded.
pub(crate) fn machine_of_ours(socket: &Path) -> Option<Machine> {
    let (kit, image) = image()?;
    let guest = Guest::start_at(&kit, &image, socket, "isa-ipmi-kcs,irq=5");
    let mut machine = Machine { guest, _files: None };
    machine.guest.load(&MODULES);
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
    let (kit, image) = image()?;
    Some(Machine { guest: Guest::start(&kit, &image, &extra), _files: Some(files) })
}

/// What a guest is made of, and both programs.
fn image() -> Option<(Kit, Image)> {
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
    Some((kit, image))
}
