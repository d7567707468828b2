use std::fs;
use std::path::Path;

use super::*;
use crate::advice::Cause;

/// QEMU's, as a guest read it.
const KCS: [u8; 18] = [0x26, 0x12, 0, 0x30, 1, 0x20, 0x20, 0, 0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 1, 5];

struct Fake(tempfile::TempDir);

impl Fake {
    fn new() -> Self {
        let fake = Self(tempfile::tempdir().unwrap());
        fake.file("proc/sys/kernel/osrelease", b"6.1.0-57-amd64\n");
        fake
    }

    fn file(&self, path: &str, content: &[u8]) -> &Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn directory(&self, path: &str) -> &Self {
        fs::create_dir_all(self.0.path().join(path)).unwrap();
        self
    }

    fn with_modules(&self) -> &Self {
        let line = |name| format!("{name} 45056 0 - Live 0x0000000000000000\n");
        let all: String = ["ipmi_si", "ipmi_devintf", "ipmi_msghandler"].map(line).concat();
        self.file("proc/modules", all.as_bytes())
    }

    fn loadable(&self) -> &Self {
        let path = "lib/modules/6.1.0-57-amd64/modules.dep";
        self.file(
            path,
            b"kernel/drivers/char/ipmi/ipmi_msghandler.ko.xz:\n\
              kernel/drivers/char/ipmi/ipmi_devintf.ko: kernel/drivers/char/ipmi/ipmi_msghandler.ko\n\
              kernel/drivers/char/ipmi/ipmi_si.ko: kernel/drivers/char/ipmi/ipmi_msghandler.ko\n",
        )
    }

    fn machine(&self) -> Machine {
        Machine::at(self.0.path())
    }

    fn trouble(&self) -> Trouble {
        self.trouble_at(&node_names(0))
    }

    fn trouble_at(&self, nodes: &[PathBuf]) -> Trouble {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _inside = runtime.enter();
        *self.machine().open(nodes, None).unwrap_err()
    }
}

#[test]
fn without_modules_it_is_said_which_and_how_they_are_loaded() {
    let fake = Fake::new();
    fake.loadable().file("sys/firmware/dmi/entries/38-0/raw", &KCS);
    let trouble = fake.trouble();
    assert_eq!(trouble.cause(), Cause::NoDriver);
    assert_eq!(trouble.to_string(), "/dev/ipmi0: No such file or directory");
    let advice = trouble.advice();
    assert!(advice.next.contains("modprobe -a ipmi_msghandler ipmi_devintf ipmi_si"), "{advice:?}");
    assert!(advice.cause.contains("SMBIOS (type 38) says that there is one"), "{advice:?}");
    // One is there already, one is part of the kernel.
    fake.file("proc/modules", b"ipmi_msghandler 1 0 - Live 0x0\n").file(
        "lib/modules/6.1.0-57-amd64/modules.builtin",
        b"kernel/drivers/char/ipmi/ipmi_si.ko\n",
    );
    let next = fake.trouble().advice().next;
    assert!(next.contains("modprobe -a ipmi_devintf'"), "{next}");
    // Debian's cloud kernel.
    let bare = Fake::new();
    let TroubleKind::NoDriver { nowhere, .. } = bare.trouble().kind else { panic!() };
    assert_eq!(nowhere, ["ipmi_msghandler", "ipmi_devintf", "ipmi_si"]);
    assert!(bare.trouble().advice().next.contains("install"), "nothing to load");
}

#[test]
fn on_ssif_it_takes_another_module() {
    let fake = Fake::new();
    let mut ssif = KCS;
    (ssif[4], ssif[8], ssif[9]) = (4, 0x20, 0);
    fake.file("sys/firmware/dmi/entries/38-0/raw", &ssif);
    let missing = fake.machine().survey().missing_modules();
    assert_eq!(missing, ["ipmi_msghandler", "ipmi_devintf", "ipmi_ssif"]);
}

#[test]
fn with_modules_and_no_bmc_it_is_said_what_the_firmware_says() {
    let fake = Fake::new();
    fake.with_modules();
    let trouble = fake.trouble();
    assert_eq!(trouble.cause(), Cause::NoBmcFound);
    assert!(trouble.advice().cause.contains("neither SMBIOS"), "{:?}", trouble.advice());
    fake.directory("sys/bus/acpi/devices/IPI0001:00");
    let advice = fake.trouble().advice();
    assert!(advice.cause.contains("ACPI (IPI0001) says that there is one"), "{advice:?}");
    assert!(advice.next.contains("dmesg"), "{advice:?}");
}

#[test]
fn a_bmc_without_a_node_is_a_container() {
    let fake = Fake::new();
    let device = "sys/bus/platform/drivers/ipmi_si/IPI0001:00";
    let line = b"kcs,i/o,0xca2,rsp=1,rsi=1,rsh=0,irq=5,ipmb=32\n";
    fake.with_modules()
        .file(&format!("{device}/params"), line)
        .file(&format!("{device}/type"), b"kcs\n")
        .file(&format!("{device}/interrupts_enabled"), b"1\n")
        .directory("sys/bus/platform/drivers/ipmi_si/dmi-ipmi-si.0")
        .file("sys/bus/platform/drivers/ipmi_si/uevent", b"");
    let trouble = fake.trouble();
    assert_eq!(trouble.cause(), Cause::NoDeviceNode);
    assert!(trouble.advice().next.contains("--device /dev/ipmi0"));
    let [interface] = fake.machine().survey().interfaces.try_into().unwrap();
    assert_eq!((interface.kind.as_deref(), interface.interrupts), (Some("kcs"), Some(true)));
    assert_eq!(interface.device, "IPI0001:00");
    // Another number than was meant.
    fake.file("dev/ipmi/1", b"");
    let trouble = fake.trouble();
    let TroubleKind::NoNode { others } = &trouble.kind else { panic!() };
    assert_eq!(others, &[PathBuf::from("/dev/ipmi/1")]);
    assert_eq!(trouble.advice().next, "--local-device /dev/ipmi/1");
}

#[test]
fn what_is_no_device_and_what_is_forbidden_are_told() {
    let fake = Fake::new();
    fake.with_modules().file("dev/ipmi0", b"");
    assert_eq!(fake.trouble().cause(), Cause::NotAnIpmiDevice);
    let survey = fake.machine().survey();
    let node = |error| survey.explain(&node_names(0), Path::new("/dev/ipmi7"), error);
    let said = |code| io::Error::from_raw_os_error(code);
    assert_eq!(node(said(16)).cause(), Cause::DeviceBusy);
    assert_eq!(node(said(13)).cause(), Cause::MayNotOpenDevice);
    assert_eq!(node(said(5)).cause(), Cause::ThisMachine);
    let found = Node {
        path: "/dev/ipmi0".into(),
        is_device: true,
        owner: (0, Some("root".to_owned())),
        group: (4, Some("adm".to_owned())),
        mode: 0o660,
    };
    assert_eq!(found.permissions(), "crw-rw----");
    let survey = Survey { nodes: vec![found], ..survey };
    let trouble = survey.explain(&node_names(0), Path::new("/dev/ipmi0"), said(13));
    let advice = trouble.advice();
    assert_eq!(advice.cause, "/dev/ipmi0 is crw-rw---- root adm");
    assert!(advice.next.contains("usermod -aG adm"), "{advice:?}");
}

#[test]
fn a_table_that_only_root_may_read_counts_as_seen() {
    let fake = Fake::new();
    fake.directory("sys/firmware/dmi/entries/38-0");
    let survey = fake.machine().survey();
    assert_eq!(survey.smbios, Smbios::Hidden);
    assert!(survey.signs().smbios);
    assert_eq!(survey.interface_module(), "ipmi_si");
}
