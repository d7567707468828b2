//! Faults and their places, defaults, and what is never printed.

use std::time::Duration;

use ipmi_session::Quirk;

use super::*;

const GOOD: &str = r#"
[bmc]
name = "test"

[lan]
listen = ["127.0.0.1:9623"]

[[user]]
id = 2
name = "admin"
password = "Complex_Pass"
privilege = "administrator"
"#;

fn error(text: &str) -> String {
    Config::parse(text, Path::new("bmc.toml")).unwrap_err().to_string()
}

#[test]
fn the_defaults_are_the_safe_ones() {
    let config = Config::parse(GOOD, Path::new("bmc.toml")).unwrap();
    assert_eq!(config.suites, [CipherSuite::SUITE_17, CipherSuite::SUITE_3]);
    assert!(config.power_on && config.kg.is_none());
    assert!(config.ipmi15.is_empty() && config.quirks.is_empty());
    assert_eq!((config.sessions, config.idle_timeout), (32, Duration::from_secs(60)));
    assert_eq!(config.cold_reset, Duration::from_secs(2));
    assert_eq!(config.rate, Some(Rate { per_second: 256, burst: 512 }));
    assert!(config.allow.is_none() && !config.hide_usernames);
    assert_eq!(config.users.len(), 1);
}

#[test]
fn every_fault_is_placed() {
    let replaced = |from: &str, to: &str| error(&GOOD.replace(from, to));
    for (from, to, place, says) in [
        ("[lan]", "[lan]\ncolour = 1", "bmc.toml:6:1:", "unknown field `colour`"),
        ("name = \"test\"", "name = 7", "bmc.toml:3:8:", "expected a string"),
        ("127.0.0.1:9623", "localhost:9623", "bmc.toml:6:11:", "not an address"),
        ("id = 2", "id = 1", "bmc.toml:9:6:", "2 to 15"),
        ("\"admin\"", "\"\"", "bmc.toml:10:8:", "null user"),
        ("\"admin\"", "\"abcdefghijklmnopq\"", "bmc.toml:10:8:", "16 bytes"),
        ("Complex_Pass", "", "bmc.toml:11:12:", "protects nothing"),
        ("Complex_Pass", "123456789012345678901", "bmc.toml:11:12:", "20 bytes"),
        ("\"administrator\"", "\"root\"", "bmc.toml:12:13:", "\"operator\""),
        ("[lan]", "[lan]\nsuites = [17, 0]", "bmc.toml:6:15:", "allow_insecure_suites"),
        ("[lan]", "[lan]\nsuites = [8]", "bmc.toml:6:11:", "MD5; set allow_insecure_suites"),
        ("[lan]", "[lan]\nsuites = [19]", "bmc.toml:6:11:", "xRC4, which is not supported"),
        ("[lan]", "[lan]\nsuites = [20]", "bmc.toml:6:11:", "no such cipher suite"),
        ("[lan]", "[lan]\nsuites = [3, 3]", "bmc.toml:6:14:", "listed twice"),
        ("[lan]", "[lan]\nipmi15 = [\"sha\"]", "bmc.toml:6:11:", "\"md5\", \"md2\""),
        ("[lan]", "[lan]\nipmi15 = [\"md5\"]", "bmc.toml:6:11:", "allow_insecure_suites"),
        ("[lan]", "[lan]\nquirks = [\"idzeroo\"]", "bmc.toml:6:11:", "mean \"idzero\"?"),
        ("[lan]", "[lan]\nquirks = [\"warp\"]", "bmc.toml:6:11:", "are idzero, unexpectedauth, "),
        ("[lan]", "[lan]\nquirks = \"idzero\"", "bmc.toml:6:10:", "expected a sequence"),
        ("[lan]", "[lan]\nrate = \"on\"", "bmc.toml:6:8:", "\"off\""),
        ("[lan]", "[lan]\nrate = 5", "bmc.toml:6:8:", "{ per_second = 256, burst = 512 }"),
        ("[lan]", "[lan]\nrate = { per_second = 5 }", "bmc.toml:6:8:", "missing field `burst`"),
        ("[lan]", "[lan]\nrate = { per_second = 5, burst = 0 }", "bmc.toml:6:8:", "of them 0"),
        ("[lan]", "[lan]\nallow = [\"10.0.0.0/8\", \"host\"]", "bmc.toml:6:24:", "not a network"),
        ("[lan]", "[lan]\nallow = [\"10.0.0.0/33\"]", "bmc.toml:6:10:", "not a network"),
        ("[lan]", "[lan]\nallow = [\"10.0.0.1/8\"]", "bmc.toml:6:10:", "\"10.0.0.0/8\" would be"),
        ("[lan]", "[lan]\nallow = []", "bmc.toml:6:9:", "nobody is heard"),
        ("[lan]", "[lan]\nallow = \"::1\"", "bmc.toml:6:9:", "expected a sequence"),
        ("[lan]", "[lan]\nhide_usernames = 1", "bmc.toml:6:18:", "expected a boolean"),
        ("[lan]", "[lan]\nidle_timeout = 0", "bmc.toml:6:16:", "1 to 86400"),
        ("[lan]", "[lan]\nsessions = 64", "bmc.toml:6:12:", "1 to 63"),
        ("[\"127.0.0.1:9623\"]", "1", "bmc.toml:6:10:", "expected a sequence"),
        ("[\"127.0.0.1:9623\"]", "[]", "bmc.toml:6:10:", "at least one address"),
        ("[bmc]", "[bmc]\nguid = \"1\"", "bmc.toml:3:8:", "32 hexadecimal digits"),
        (
            "[lan]",
            "[machine]\nboot_devices = [\"tape\"]\n[lan]",
            "bmc.toml:6:17:",
            "pxe, disk, safe",
        ),
        (
            "[lan]",
            "[serial]\nreaders = 2\n[lan]",
            "bmc.toml:5:1:",
            "one of sim, pty, tcp, tcp_listen, unix, unix_listen, device and command",
        ),
        ("[lan]", "[serial]\nsim = true\npty = \"c\"\n[lan]", "bmc.toml:7:7:", "is enough"),
        ("[lan]", "[serial]\nsim = false\n[lan]", "bmc.toml:6:7:", "leave the section out"),
        ("[lan]", "[serial]\nsim = true\nbaud = 1\n[lan]", "bmc.toml:7:1:", "unknown field `baud`"),
        (
            "[lan]",
            "[serial]\nsim = true\nbit_rate = 9600\n[lan]",
            "bmc.toml:7:12:",
            "a bit rate is of a device",
        ),
        (
            "[lan]",
            "[serial]\ndevice = \"/dev/ttyS0\"\nbit_rate = 9601\n[lan]",
            "bmc.toml:7:12:",
            "1200, 2400",
        ),
        ("[lan]", "[serial]\ndevice = \"\"\n[lan]", "bmc.toml:6:10:", "not empty"),
        (
            "[lan]",
            "[serial]\nsim = true\nhistory = 255\n[lan]",
            "bmc.toml:7:11:",
            "256 to 16777216",
        ),
        ("[lan]", "[serial]\nsim = true\nreaders = 15\n[lan]", "bmc.toml:7:11:", "0 to 14"),
        ("[lan]", "[serial]\ntcp = \"host\"\n[lan]", "bmc.toml:6:7:", "a host and a port"),
        ("[lan]", "[serial]\ntcp = \"::1:80\"\n[lan]", "bmc.toml:6:7:", "a host and a port"),
        (
            "[lan]",
            "[serial]\ntcp_listen = \"localhost:80\"\n[lan]",
            "bmc.toml:6:14:",
            "an address and a port",
        ),
        ("[lan]", "[serial]\ncommand = []\n[lan]", "bmc.toml:6:11:", "a program and its arguments"),
        ("[bmc]", "[bmc]\ncold_reset = 601", "bmc.toml:3:14:", "0 to 600 seconds"),
        ("[bmc]", "[bmc]\nmanufacturer = 1048576", "bmc.toml:3:16:", "20 bits"),
        ("[bmc]", "[bmc]\nproduct = 65536", "bmc.toml:3:11:", "expected u16"),
    ] {
        let message = replaced(from, to);
        assert!(message.starts_with(place), "{from} -> {to}: {message}");
        assert!(message.contains(says), "{from} -> {to}: {message}");
    }
    assert!(error("").contains("missing field"));
}

#[test]
fn sessions_are_as_they_are_described() {
    let lan = "[lan]\nsuites = [17, 12, 0]\nipmi15 = [\"md5\", \"none\"]\nrate = \"off\"\n\
               allow_insecure_suites = true\nsessions = 4\nidle_timeout = 1.5\n\
               quirks = [\"SeqByTwo\", \"idzero\"]\nhide_usernames = true\n\
               allow = [\"127.0.0.0/8\", \"::1\"]";
    let config = Config::parse(&GOOD.replace("[lan]", lan), Path::new("bmc.toml")).unwrap();
    assert_eq!(config.suites, [17, 12, 0].map(CipherSuite));
    assert_eq!(config.ipmi15, [AuthType::Md5, AuthType::None]);
    assert_eq!((config.sessions, config.idle_timeout), (4, Duration::from_millis(1500)));
    assert_eq!(config.rate, None);
    let allow: Vec<String> = config.allow.unwrap().iter().map(ToString::to_string).collect();
    assert!(config.hide_usernames && allow == ["127.0.0.0/8", "::1/128"]);
    assert_eq!(config.quirks, Quirks::from_iter([Quirk::IdZero, Quirk::SeqByTwo]));
    // Every suite there is but those with xRC4.
    for number in 0..=255 {
        let suites = format!("[lan]\nallow_insecure_suites = true\nsuites = [{number}]");
        let outcome = Config::parse(&GOOD.replace("[lan]", &suites), Path::new("bmc.toml"));
        let spoken = matches!(number, 0..=3 | 6..=8 | 11 | 12 | 15..=17);
        assert_eq!(outcome.is_ok(), spoken, "{number}");
    }
}

#[test]
fn no_password_is_printed() {
    let config = Config::parse(GOOD, Path::new("bmc.toml")).unwrap();
    assert!(!format!("{config:?}").contains("Complex_Pass"));
}

#[test]
fn no_fault_quotes_a_secret() {
    let written = [
        "31415926",
        "-31415926",
        "31415926535897932384626433",
        "3141.5926",
        "Hunter2",
        "\"Hunter2",
        "\"Hunter2\" Hunter2",
        "[\"Hunter2\"]",
        "{ Hunter2 = \"Hunter2\" }",
        "2031-04-15",
        "true",
        "\"Hunter2Hunter2Hunter2Hunter2\"",
        "\"Hunter2\\z\"",
        "Hunter2 = Hunter2",
    ];
    for secret in written {
        let password = GOOD.replace("\"Complex_Pass\"", secret);
        let kg = GOOD.replace("[lan]", &format!("[lan]\nkg = {secret}"));
        for (text, place) in [(password, "bmc.toml:11:"), (kg, "bmc.toml:6:")] {
            let message = error(&text);
            assert!(message.starts_with(place), "{secret}: {message}");
            for part in ["Hunter2", "3141", "59265", "2031", "true"] {
                assert!(!message.contains(part), "{secret}: {message}");
            }
        }
    }
    assert!(error(&GOOD.replace("\"Complex_Pass\"", "314")).contains("quotation marks"));
}

/// The good file with this after it; it has 12 lines.
fn with(sensors: &str) -> String {
    format!("{GOOD}{sensors}")
}

#[test]
fn sensors_are_as_they_are_described() {
    let text = with(
        r#"
[[bus]]
name = "i2c"
scan_time = 0.02

[[sensor]]
name = "GPU Temp"
type = "temperature"
range = [-20, 120]
thresholds = { upper_critical = 90.5, lower_critical = 0 }
hysteresis = 2
bus = "i2c"
interval = 5
command = ["nvidia-smi", "--query-gpu=temperature.gpu", "--format=csv,noheader"]
timeout = 2.5

[[sensor]]
name = "CPU1 Temp"
hwmon = { chip = "coretemp", channel = "temp1" }
offset = -3

[hwmon]
root = "/tmp/hwmon"
discover = ["coretemp", "nvme"]
"#,
    );
    let config = Config::parse(&text, Path::new("bmc.toml")).unwrap().sensors;
    let bus = BusConfig { name: "i2c".into(), scan_time: Duration::from_millis(20) };
    assert_eq!(config.buses, [bus]);
    assert_eq!(config.hwmon.root, Path::new("/tmp/hwmon"));
    assert_eq!(config.hwmon.discover, Discovery::Chips(vec!["coretemp".into(), "nvme".into()]));
    let [gpu, cpu] = &config.sensors[..] else { panic!("{config:?}") };
    let definition = Definition {
        quantity: Quantity::Temperature,
        range: (-20.0, 120.0),
        thresholds: [None, Some(0.0), None, None, Some(90.5), None],
        hysteresis: 2.0,
    };
    assert_eq!(gpu.definition, Some(definition));
    assert_eq!((gpu.bus.as_deref(), gpu.interval), (Some("i2c"), Some(Duration::from_secs(5))));
    let Some(SourceConfig::Command { argv, timeout }) = &gpu.source else { panic!("{gpu:?}") };
    assert_eq!((argv.len(), *timeout), (3, Duration::from_millis(2500)));
    assert_eq!((cpu.definition.clone(), cpu.scale, cpu.offset), (None, 0.001, -3.0));
    // Nothing is said: nothing is measured but the machine.
    let none = Config::parse(GOOD, Path::new("bmc.toml")).unwrap().sensors;
    assert_eq!(none, SensorsConfig::default());
    assert_eq!(none.hwmon.discover, Discovery::Off);
}

#[test]
fn faults_of_sensors_are_placed() {
    let sensor = |rest: &str| with(&format!("[[sensor]]\nname = \"x\"\n{rest}"));
    let new = |rest: &str| sensor(&format!("type = \"fan\"\nfile = \"/f\"\n{rest}"));
    for (text, place, says) in [
        (with("[[bus]]\nname = \"a\"\n[[bus]]\nname = \"a\""), "16:8", "there already"),
        (with("[[bus]]\nname = \"a\"\nscan_time = -1"), "15:13", "0.01 to 86400"),
        (sensor(""), "13:1", "something that measures it"),
        (sensor("file = \"/f\""), "13:1", "needs a type"),
        (sensor("type = \"wind\""), "15:8", "unknown variant `wind`"),
        (new("type = \"fan\""), "17:1", "duplicate key"),
        (new("colour = 1"), "17:1", "unknown field `colour`"),
        (new("command = [\"a\"]"), "17:11", "one of file, command"),
        (new("written = true"), "17:11", "one of file, command"),
        (new("timeout = 1"), "17:11", "of a command"),
        (new("bus = \"a\""), "17:7", "no such bus"),
        (new("range = [5, 5]"), "17:9", "[lowest, highest]"),
        (new("range = [0, inf]"), "17:9", "[lowest, highest]"),
        (new("range = [1e9, 1000000001]"), "17:9", "one byte"),
        (new("range = [1]"), "17:9", "invalid length 1"),
        (new("thresholds = { upper_critical = 1e6 }"), "17:14", "in the range, 0 to 15300"),
        (new("thresholds = { upper_critical = 1, upper_non_critical = 2 }"), "17:14", "graver"),
        (new("thresholds = { upper_critical = nan }"), "17:14", "in the range"),
        (new("thresholds = { upper = 1 }"), "17:16", "unknown field `upper`"),
        (new("hysteresis = -1"), "17:14", "not negative"),
        (new("interval = 0"), "17:12", "0.01 to 86400"),
        (new("scale = nan"), "17:9", "neither infinite"),
        (new("[[sensor]]\nname = \"x\"\nwritten = true"), "18:8", "twice"),
        (sensor("type = \"fan\"\ncommand = []"), "16:11", "begins with a program"),
        (sensor("hwmon = { chip = \"a\", channel = \"temp\" }"), "15:33", "\"temp1\""),
        (with("[[sensor]]\nname = \"seventeen letters\""), "14:8", "1 to 16 bytes"),
        (with("[[sensor]]\nname = \"\""), "14:8", "1 to 16 bytes"),
        (with("[[sensor]]\nname = \"FAN1\"\nrange = [0, 1]"), "15:9", "the personality has"),
        (with("[[sensor]]\nname = \"FAN1\"\nwritten = true"), "14:8", "not written"),
        (with("[hwmon]\ndiscover = 1"), "14:12", "list of the names of chips"),
    ] {
        let message = error(&text);
        assert!(message.starts_with(&format!("bmc.toml:{place}:")), "{text}\n{message}");
        assert!(message.contains(says), "{text}\n{message}");
    }
    let many: String = (0..128)
        .map(|n| format!("[[sensor]]\nname = \"s{n}\"\ntype = \"fan\"\nwritten = true\n"))
        .collect();
    assert!(error(&with(&many)).contains("at most 127"));
}

#[test]
fn a_fleet_says_how_many_and_where() {
    let parse = |fleet: &str| {
        let text = GOOD.replace("listen = [\"127.0.0.1:9623\"]", "").replace("[lan]", fleet);
        Config::parse(&text, Path::new("fleet.toml")).map_err(|error| error.to_string())
    };
    let fleet = |text: &str| parse(text).unwrap().fleet.unwrap();
    let usual = fleet("[fleet]\ncount = 5");
    assert_eq!((usual.count(), usual.spread()), (5, Spread::Addresses));
    assert_eq!(usual.base().to_string(), "127.1.0.1:9623");
    let ports = fleet("[fleet]\ncount = 5\nbase = \"127.0.0.1\"\nport = 7000\nports = true");
    assert_eq!(ports.address(4), Some(([127, 0, 0, 1], 7004).into()));
    for (text, says) in [
        ("[fleet]\ncount = 0", "fleet.toml:6:9: a fleet has 1 to 1000000 BMCs"),
        ("[fleet]\ncount = 5\nbase = \"127.300\"", "fleet.toml:7:8: not an IPv4 address"),
        ("[fleet]\ncount = 5\nbase = \"10.0.0.1\"", "fleet.toml:7:8: a fleet is on loopback only"),
        ("[fleet]\ncount = 5\nport = 65532\nports = true", "fleet.toml:6:9: so many BMCs"),
        (
            "[fleet]\ncount = 5\n[lan]\nlisten = []",
            "fleet.toml:8:10: a fleet answers where [fleet]",
        ),
        ("[fleet]\ncount = 5\n[hwmon]\ndiscover = true", "sensors of a fleet are simulated"),
        (
            "[fleet]\ncount = 5\n[lan]\nallow = [\"127.0.0.1\"]",
            "[lan] allow is for a BMC of its own",
        ),
        ("[fleet]\ncount = 5\n[lan]\napply = [\"true\"]", "[lan] apply is for a BMC of its own"),
        ("", "missing field `listen`"),
    ] {
        let message = parse(text).unwrap_err();
        assert!(message.contains(says), "{text}: {message}");
    }
    let guid = "[bmc]\nguid = \"6c616e74-6572-4e00-8000-000000000001\"";
    let message = error(&GOOD.replace("[bmc]", &format!("[fleet]\ncount = 1\n{guid}")));
    assert!(message.contains("has its own"), "{message}");
}

#[test]
fn a_port_is_wired_to_what_is_written() {
    use crate::config::SerialSource as S;
    let parse = |serial: &str| {
        let text = GOOD.replace("[lan]", &format!("[serial]\n{serial}\n[lan]"));
        Config::parse(&text, Path::new("bmc.toml")).unwrap().serial.unwrap()
    };
    for (text, source, shown) in [
        ("sim = true", S::Sim, "sim"),
        ("pty = \"/run/c\"", S::Pty("/run/c".into()), "pty /run/c"),
        ("tcp = \"vm:4555\"", S::Tcp("vm:4555".into()), "tcp vm:4555"),
        ("tcp = \"[::1]:4555\"", S::Tcp("[::1]:4555".into()), "tcp [::1]:4555"),
        (
            "tcp_listen = \"127.0.0.1:4555\"",
            S::TcpListen(([127, 0, 0, 1], 4555).into()),
            "tcp_listen 127.0.0.1:4555",
        ),
        ("unix = \"s\"", S::Unix("s".into()), "unix s"),
        ("unix_listen = \"s\"", S::UnixListen("s".into()), "unix_listen s"),
        (
            "device = \"/dev/ttyS0\"",
            S::Device { path: "/dev/ttyS0".into(), bit_rate: 115_200 },
            "device /dev/ttyS0 at 115200 bit/s",
        ),
        (
            "command = [\"cat\", \"secret\"]",
            S::Command(vec!["cat".into(), "secret".into()]),
            "command cat",
        ),
    ] {
        let serial = parse(text);
        assert_eq!(serial.source.to_string(), shown);
        assert_eq!(serial.source, source);
        assert_eq!(serial.policy, ipmi_bmc::serial::SerialPolicy::default());
    }
    let policy = parse("sim = true\nhistory = 256\nreaders = 0\nmark_gaps = false").policy;
    assert_eq!((policy.history, policy.readers, policy.mark_gaps), (256, 0, false));
    assert!(Config::parse(GOOD, Path::new("bmc.toml")).unwrap().serial.is_none());
}

#[test]
fn a_fleet_has_simulated_consoles_only() {
    let parse = |serial: &str| {
        let text = GOOD.replace(
            "[lan]\nlisten = [\"127.0.0.1:9623\"]\n",
            &format!("[fleet]\ncount = 2\n{serial}\n"),
        );
        Config::parse(&text, Path::new("fleet.toml"))
    };
    assert!(parse("[serial]\nsim = true").is_ok());
    let error = parse("[serial]\npty = \"c\"").unwrap_err().to_string();
    assert!(error.contains("[serial] with a source but 'sim' is for a BMC of its own"), "{error}");
}

#[test]
fn the_example_of_a_qemu_is_one() {
    let text = include_str!("../../../../examples/qemu.toml");
    let config = Config::parse(text, Path::new("examples/qemu.toml")).unwrap();
    let qemu = config.qemu.unwrap();
    assert_eq!(qemu.command[0], "qemu-system-x86_64");
    assert_eq!(config.machine, Some(MachineKind::Qemu));
    // What it says besides is what holds anyway.
    let default = QemuConfig { boot: qemu.boot.clone(), ..QemuConfig::of(qemu.command.clone()) };
    assert_eq!(qemu, default);
    assert_eq!(qemu.boot.len(), 4);
    assert_eq!(config.serial.unwrap().source, SerialSource::Qemu);
}

#[test]
fn faults_about_a_qemu_are_placed() {
    let with = |more: &str| error(&format!("{GOOD}\n{more}"));
    let command = "command = [\"qemu-system-x86_64\"]";
    for (more, says) in [
        ("[qemu]".to_owned(), "missing field `command`"),
        ("[qemu]\ncommand = []".to_owned(), "bmc.toml:15:11: a program and its arguments"),
        ("[qemu]\ncommand = [\"q\", \"-daemonize\"]".to_owned(), "without -daemonize"),
        (format!("[qemu]\n{command}\ndirectory = \"q\""), "bmc.toml:16:13: an absolute path"),
        (format!("[qemu]\n{command}\nsoft_off_timeout = 86401"), "1 to 86400 seconds"),
        (format!("[qemu]\n{command}\nsoft_off_then = \"on\""), "`nothing` or `off`"),
        (format!("[qemu]\n{command}\non_stop = \"x\""), "`leave` or `off`"),
        (
            format!("[qemu]\n{command}\nboot = {{ tape = \"t\" }}"),
            "no boot device \"tape\"; there are",
        ),
        (format!("[qemu]\n{command}\nboot = {{ pxe = 7 }}"), "the ID of a device"),
        (format!("[qemu]\n{command}\nboot = {{ pxe = [] }}"), "none say nothing"),
        (format!("[qemu]\n{command}\nboot = {{ pxe = \"/machine\" }}"), "the ID of a device"),
        (
            format!("[machine]\nkind = \"sim\"\n[qemu]\n{command}"),
            "[qemu] says what the machine is",
        ),
        ("[machine]\nkind = \"qemu\"".to_owned(), "[qemu] to say"),
    ] {
        let error = with(&more);
        assert!(error.contains(says), "{error}\n{says}");
    }
    let fleet = GOOD.replace("listen = [\"127.0.0.1:9623\"]", "");
    let fleet = format!("{fleet}\n[fleet]\ncount = 2\nbase = \"127.1.0.1\"\n[qemu]\n{command}");
    assert!(error(&fleet).contains("[qemu] is for a BMC of its own"), "{}", error(&fleet));
}

#[test]
fn a_system_interface_leads_to_one_thing() {
    use crate::config::SystemInterfaceSource as S;
    let parse = |lines: &str| {
        let text = GOOD.replace("[lan]", &format!("{lines}\n[lan]"));
        Config::parse(&text, Path::new("bmc.toml"))
    };
    for (text, source, shown) in [
        ("tcp = \"vm:9002\"", S::Tcp("vm:9002".into()), "tcp vm:9002"),
        (
            "tcp_listen = \"127.0.0.1:9002\"",
            S::TcpListen(([127, 0, 0, 1], 9002).into()),
            "tcp_listen 127.0.0.1:9002",
        ),
        ("unix = \"s\"", S::Unix("s".into()), "unix s"),
        ("unix_listen = \"s\"", S::UnixListen("s".into()), "unix_listen s"),
    ] {
        let config = parse(&format!("[system_interface]\n{text}")).unwrap();
        let interface = config.system_interface.unwrap();
        assert_eq!(interface.source.to_string(), shown);
        assert_eq!(interface.source, source);
        assert_eq!(config.machine, None);
    }
    for (lines, says) in [
        (
            "[system_interface]",
            "leads to something: one of tcp, tcp_listen, unix, unix_listen and device",
        ),
        ("[system_interface]\ntcp = \"vm:1\"\nunix = \"s\"", "device is enough"),
        ("[system_interface]\ntcp_listen = \"vm:1\"", "not an address and a port"),
        ("[system_interface]\ntcp = \"vm\"", "not a host and a port"),
        ("[system_interface]\nunix = \"\"", "a path is not empty"),
        ("[system_interface]\nkcs = 1", "unknown field"),
    ] {
        let error = parse(lines).unwrap_err().to_string();
        assert!(error.contains(says), "{lines}: {error}");
    }
    let long = format!("[system_interface]\nunix_listen = \"/{}\"", "x".repeat(110));
    assert!(parse(&long).unwrap_err().to_string().contains("too long for a socket"));
}

#[test]
fn the_machine_behind_a_system_interface_takes_one() {
    use crate::config::MachineKind;
    let parse = |lines: &str| {
        let text = GOOD.replace("[lan]", &format!("{lines}\n[lan]"));
        Config::parse(&text, Path::new("bmc.toml"))
    };
    let machine = "[machine]\nkind = \"vm\"";
    let error = parse(machine).unwrap_err().to_string();
    assert!(error.contains("the one behind [system_interface], which is not there"), "{error}");
    let config = parse(&format!("{machine}\n[system_interface]\nunix = \"s\"")).unwrap();
    assert_eq!(config.machine, Some(MachineKind::Vm));
    let fleet = GOOD.replace(
        "[lan]\nlisten = [\"127.0.0.1:9623\"]\n",
        "[fleet]\ncount = 2\n[system_interface]\nunix = \"s\"\n",
    );
    let error = Config::parse(&fleet, Path::new("fleet.toml")).unwrap_err().to_string();
    assert!(error.contains("[system_interface] is for a BMC of its own"), "{error}");
}
