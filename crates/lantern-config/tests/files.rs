//! What files say, alone and together.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests; helpers outside of test functions fail them by panicking"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipmi_wire::Privilege;
use lantern_config::{Config, Explicit, File, Kept, Layer, Mistake, Places};

fn file(text: &str, layer: Layer) -> (File, Vec<Mistake>) {
    File::parse(text, Path::new(&format!("{}.toml", layer.name())), layer)
}

/// What is wrong with `text` alone, a line each.
fn wrong(text: &str) -> Vec<String> {
    let (file, mut mistakes) = file(text, Layer::User);
    mistakes.extend(Config::merge(vec![file]).1);
    mistakes.iter().map(ToString::to_string).collect()
}

fn merged(files: &[(&str, Layer)]) -> (Config, Vec<String>) {
    let (mut parsed, mut mistakes) = (Vec::new(), Vec::new());
    for (text, layer) in files {
        let (file, wrong) = file(text, *layer);
        parsed.push(file);
        mistakes.extend(wrong);
    }
    let (config, wrong) = Config::merge(parsed);
    mistakes.extend(wrong);
    (config, mistakes.iter().map(ToString::to_string).collect())
}

fn good(files: &[(&str, Layer)]) -> Config {
    let (config, mistakes) = merged(files);
    assert_eq!(mistakes, Vec::<String>::new());
    config
}

#[test]
fn all_mistakes_are_found_each_with_its_place() {
    let text = "\
[defaults]
usr = \"admin\"
port = \"623\"
deadline = 0

[hosts.rack1]
addres = \"10.0.0.1\"
suites = [17, 4]
profile = \"del\"

[profiles.dell]
workarounds = [\"opensespriv\"]

[host.x]
";
    let wrong = wrong(text);
    for (at, says) in [
        ("user.toml:2:1:", "is 'user' meant?"),
        ("user.toml:3:8:", "a whole number from 1 to 65535"),
        ("user.toml:4:12:", "0.05 to 3600 seconds"),
        ("user.toml:7:1:", "is 'address' meant?"),
        ("user.toml:8:15:", "xRC4, which is broken"),
        ("user.toml:9:11:", "is 'dell' meant?"),
        ("user.toml:12:16:", "is 'opensesspriv' meant?"),
        ("user.toml:14:2:", "is 'hosts' meant?"),
    ] {
        let found = wrong.iter().any(|line| line.starts_with(at) && line.contains(says));
        assert!(found, "{at} {says}: {wrong:#?}");
    }
    assert_eq!(wrong.len(), 8, "{wrong:#?}");
}

#[test]
fn a_file_that_is_no_toml_is_read_as_far_as_it_goes() {
    let wrong = wrong("[hosts.a]\nport = \n[hosts.b]\nport = 0\n");
    assert!(wrong[0].starts_with("user.toml:2:"), "{wrong:#?}");
    assert!(wrong.iter().any(|line| line.starts_with("user.toml:4:8:")), "{wrong:#?}");
}

#[test]
fn no_secret_belongs_into_a_file_and_none_is_quoted() {
    for text in [
        "[credentials.a]\npassword = \"Hunter2xyz\"\n",
        "[credentials.a]\npassword = 77712345\n",
        "[hosts.a]\npassword = \"Hunter2xyz\"\n",
        "[defaults]\npassword_file = \"Hunter2xyz\"\n",
        "[credentials.a]\nenv = \"Hunter2xyz!\"\n",
        "[credentials.a]\nenv = 77712345\n",
        "[credentials.a]\ncommand = \"echo Hunter2xyz\"\n",
        "[credentials]\na = \"Hunter2xyz\"\n",
        "[credentials.a]\nfd = \"Hunter2xyz\"\n",
        "[credentials.a]\nsystemd = \"../Hunter2xyz\"\n",
        "[credentials.a]\nprompt = \"Hunter2xyz\"\n",
        "[credentials.a]\nenv = \"Hunter2xyz\nfile = \"x\"\n",
    ] {
        let wrong = wrong(text);
        assert!(!wrong.is_empty(), "{text}");
        assert!(
            !wrong.concat().contains("Hunter2") && !wrong.concat().contains("77712345"),
            "{wrong:?}"
        );
    }
    let plain = wrong("[credentials.a]\npassword = \"x\"\n").concat();
    assert!(plain.contains("holds no secret") && plain.contains("command"), "{plain}");
}

#[test]
fn a_credential_is_kept_in_one_place() {
    let kept = |text: &str| {
        let (file, mistakes) = file(&format!("[credentials.a]\n{text}\n"), Layer::User);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        file.credentials["a"].kept.clone()
    };
    assert_eq!(kept("env = \"BMC\""), Kept::Variable("BMC".into()));
    assert_eq!(kept("file = \"/run/bmc\""), Kept::File("/run/bmc".into()));
    assert_eq!(kept("fd = 3"), Kept::Descriptor(3));
    assert_eq!(kept("systemd = \"bmc\""), Kept::Systemd("bmc".into()));
    assert_eq!(kept("prompt = true"), Kept::Prompt);
    let Kept::Command { argv, timeout } = kept("command = [\"pass\", \"x\"]\ntimeout = 5") else {
        unreachable!()
    };
    assert_eq!((argv.len(), timeout), (2, Duration::from_secs(5)));
    for bad in ["", "env = \"A\"\nfd = 3", "fd = 3\ntimeout = 5", "command = []", "prompt = false"]
    {
        assert!(!wrong(&format!("[credentials.a]\n{bad}\n")).is_empty(), "{bad}");
    }
    // Relative to the file, wherever the program runs.
    let (file, _) =
        File::parse("[credentials.a]\nfile = \"s\"", Path::new("/etc/l/l.toml"), Layer::System);
    assert_eq!(file.credentials["a"].kept, Kept::File("/etc/l/s".into()));
}

#[test]
fn what_is_nearer_to_the_host_counts_and_says_where_it_is_from() {
    let system = "\
[defaults]
user = \"root\"
port = 623
privilege = \"operator\"
[profiles.old]
suites = [3]
user = \"ADMIN\"
";
    let user = "\
[defaults]
user = \"op\"
[hosts.\"rack1-n[01-40]\"]
profile = \"old\"
address = \"{host}.mgmt.example\"
[hosts.rack1-n07]
port = 6230
address = \"10.1.1.7\"
[hosts.\"*-n07\"]
port = 1
deadline = 2.5
";
    let config = good(&[(system, Layer::System), (user, Layer::User)]);
    let entry = config.of_host("rack1-n07").entry;
    let from = |origin: &lantern_config::Origin| origin.to_string();
    let port = entry.port.unwrap();
    assert_eq!((port.value, from(&port.origin)), (6230, "user.toml:7".to_owned()));
    let user = entry.user.unwrap();
    assert_eq!((&*user.value, from(&user.origin)), ("ADMIN", "system.toml:7".to_owned()));
    let privilege = entry.privilege.unwrap();
    assert_eq!(privilege.value, Privilege::Operator);
    assert_eq!(from(&privilege.origin), "system.toml:4");
    assert_eq!(entry.deadline.unwrap().value, Duration::from_millis(2500));
    assert_eq!(entry.address.unwrap().value, "10.1.1.7");
    let other = config.of_host("rack1-n08");
    assert_eq!(other.entry.address.unwrap().value, "rack1-n08.mgmt.example");
    assert_eq!(other.hosts.len(), 1);
    let stranger = config.of_host("192.0.2.1");
    assert_eq!(stranger.entry.user.unwrap().value, "op");
    assert!(stranger.hosts.is_empty() && stranger.entry.address.is_none());
}

#[test]
fn an_address_is_never_led_elsewhere() {
    let config = good(&[("[hosts.\"*\"]\naddress = \"{host}.evil\"", Layer::User)]);
    assert_eq!(config.of_host("192.0.2.1").entry.address, None);
    assert_eq!(config.of_host("::1").entry.address, None);
}

const OWN: &str = "\
[hosts.\"rack1-*\"]
credential = \"prod\"
[hosts.db1]
address = \"10.0.0.9\"
credential = \"prod\"
[groups]
racks = [\"rack1-[1-9]\"]
[profiles.dell]
suites = [17]
[credentials.prod]
env = \"PROD\"
[credentials.lab]
env = \"LAB\"
projects = true
";

#[test]
fn a_project_adds_hosts_and_changes_none_of_the_users() {
    let project = "\
[hosts.db1]
address = \"198.51.100.66\"
user = \"mallory\"
[hosts.rack1-7]
address = \"198.51.100.66\"
[hosts.\"*\"]
port = 6666
[hosts.bench]
address = \"127.0.0.1:9623\"
credential = \"lab\"
profile = \"dell\"
[groups]
racks = [\"evil\"]
benches = [\"bench\"]
[profiles.dell]
suites = [3]
";
    let config = good(&[(OWN, Layer::User), (project, Layer::Project)]);
    let db = config.of_host("db1").entry;
    assert_eq!(db.address.unwrap().value, "10.0.0.9");
    assert!(db.user.is_none() && db.port.is_none());
    let rack = config.of_host("rack1-7").entry;
    assert!(rack.address.is_none() && rack.port.is_none());
    let bench = config.of_host("bench").entry;
    assert_eq!(bench.credential.unwrap().value, "lab");
    assert_eq!(bench.port.unwrap().value, 6666);
    assert_eq!(bench.suites.unwrap().value[0].0, 17, "the user's own profile");
    assert_eq!(config.groups["racks"].members[0].value, "rack1-[1-9]");
    assert_eq!(config.groups["benches"].members[0].value, "bench");
    let remarks: Vec<_> = config.remarks.iter().map(ToString::to_string).collect();
    assert_eq!(remarks.len(), 4, "{remarks:#?}");
    assert!(remarks[0].starts_with("project.toml:1:8: 'db1' does not count: user.toml:3"));
}

#[test]
fn a_hostile_project_is_refused() {
    for (text, says) in [
        ("[credentials.x]\ncommand = [\"rm\", \"-rf\", \"/\"]", "has no [credentials]"),
        ("[credentials.prod]\nfile = \"/home/op/.ssh/id\"", "has no [credentials]"),
        ("[defaults]\nuser = \"x\"", "has no [defaults]"),
        ("[defaults]\ncredential = \"prod\"", "has no [defaults]"),
        ("[hosts.x]\naddress = \"evil\"\ncredential = \"prod\"", "projects = true"),
        ("[hosts.x]\nkg = \"prod\"", "projects = true"),
        ("[profiles.x]\ncredential = \"prod\"", "projects = true"),
        ("[hosts.x]\nallow_ipmi15 = true", "weakens no session"),
        ("[profiles.x]\nallow_insecure_suites = true", "weakens no session"),
    ] {
        let (config, mistakes) = merged(&[(OWN, Layer::User), (text, Layer::Project)]);
        assert!(mistakes.iter().any(|line| line.contains(says)), "{text}: {mistakes:?}");
        // Nor does anything of it hold for whoever looks at what there is all the same.
        assert_eq!(config.credentials["prod"].kept, Kept::Variable("PROD".into()));
        assert!(!config.credentials.contains_key("x"));
        assert_eq!(config.defaults, lantern_config::Entry::default());
        // Named, it is a file like the others.
        let (_, named) = merged(&[(OWN, Layer::User), (text, Layer::Named)]);
        assert!(named.is_empty(), "{named:?}");
    }
}

#[test]
fn a_project_fills_no_gap_in_the_users_files() {
    let own = "[hosts.a]\nprofile = \"x\"\n[groups]\nall = [\"@x\"]\n";
    let project = "[profiles.x]\nport = 1\n[groups]\nx = [\"evil\"]\n";
    let (_, mistakes) = merged(&[(own, Layer::User), (project, Layer::Project)]);
    assert!(mistakes[0].starts_with("user.toml:2:11: there is no profile 'x'"), "{mistakes:?}");
    assert!(mistakes[1].starts_with("user.toml:4:8: there is no group 'x'"), "{mistakes:?}");
    assert_eq!(mistakes.len(), 2);
}

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, path: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    fn places(&self) -> Places {
        let at = |path: &str| Some(self.0.path().join(path));
        Places {
            system: at("etc/lantern.toml"),
            user: at("home/lantern.toml"),
            project_from: at("work/a/b"),
            named: Explicit::Unsaid,
        }
    }
}

#[test]
fn files_are_laid_over_each_other_in_order() {
    let home = Home::new();
    let port = |places: &Places| {
        let (config, mistakes) = places.load();
        assert!(mistakes.is_empty(), "{mistakes:?}");
        config.of_host("n1").entry.port.map(|port| port.value)
    };
    let mut places = home.places();
    assert_eq!(port(&places), None, "no file is fine");
    home.write("etc/lantern.toml", "[defaults]\nport = 1", 0o644);
    assert_eq!(port(&places), Some(1));
    home.write("home/lantern.toml", "[defaults]\nport = 2", 0o600);
    assert_eq!(port(&places), Some(2));
    fs::create_dir_all(home.0.path().join("work/a/b")).unwrap();
    home.write("work/lantern.toml", "[hosts.n1]\nport = 9", 0o664);
    home.write("work/a/lantern.toml", "[hosts.n1]\nport = 3", 0o664);
    assert_eq!(port(&places), Some(3), "the nearest one");
    let named = home.write("named.toml", "[hosts.n1]\nport = 4", 0o644);
    places.named = Explicit::File(named);
    assert_eq!(port(&places), Some(4));
    places.named = Explicit::parse("none".into());
    assert_eq!(port(&places), None);
    places.named = Explicit::File(home.0.path().join("missing.toml"));
    assert_eq!(places.load().1.len(), 1, "what was named has to be there");
}

#[test]
fn a_file_is_read_once_and_by_its_best_name() {
    let home = Home::new();
    let layers = |places: &Places| {
        let existing = places.list().into_iter().filter(|place| place.exists);
        existing.map(|place| place.layer).collect::<Vec<_>>()
    };
    let user = home.write("home/lantern.toml", "[defaults]\nport = 2", 0o600);
    let mut places = home.places();
    places.project_from = user.parent().map(Path::to_owned);
    assert_eq!(layers(&places), [Layer::User], "the user's file is no project's");
    let project = home.write("work/lantern.toml", "[defaults]\nport = 2", 0o600);
    let mut places = home.places();
    assert_eq!(layers(&places), [Layer::User, Layer::Project]);
    assert_eq!(places.load().1.len(), 1, "nobody has vouched for it");
    places.named = Explicit::File(project);
    assert_eq!(layers(&places), [Layer::User, Layer::Named]);
    assert!(places.load().1.is_empty(), "now somebody has");
}

#[test]
fn what_others_may_write_is_not_believed() {
    let home = Home::new();
    let places = home.places();
    for mode in [0o666, 0o620, 0o602] {
        home.write("home/lantern.toml", "[defaults]\nport = 2", mode);
        let (config, mistakes) = places.load();
        assert!(mistakes[0].message.contains("chmod go-w"), "{mode:o}: {mistakes:?}");
        assert!(config.defaults.port.is_none());
    }
    home.write("home/lantern.toml", "[defaults]\nport = 2", 0o644);
    home.write("work/lantern.toml", "[hosts.x]\nport = 3", 0o666);
    let (config, mistakes) = places.load();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    assert!(config.hosts().is_empty() && config.remarks.len() == 1, "{:?}", config.remarks);
}

#[test]
fn what_another_user_has_written_is_not_believed() {
    let home = Home::new();
    let own = home.write("home/lantern.toml", "[defaults]\nport = 2", 0o600);
    let project = home.write("work/lantern.toml", "[hosts.x]\nport = 3", 0o644);
    // Only root can give files away.
    let give = |path: &Path| std::os::unix::fs::chown(path, Some(4_000_000), None).is_ok();
    if !give(&project) {
        return;
    }
    let (config, mistakes) = home.places().load();
    assert!(mistakes.is_empty() && config.hosts().is_empty(), "{mistakes:?}");
    assert!(config.remarks[0].message.contains("another user's"), "{:?}", config.remarks);
    assert!(give(&own));
    let (config, mistakes) = home.places().load();
    assert!(mistakes[0].message.contains("belongs to another user"), "{mistakes:?}");
    assert!(config.defaults.port.is_none());
    // A link of a stranger's to a file of ours is no better.
    let ours = home.write("home/lantern.toml", "[defaults]\nport = 2", 0o600);
    std::os::unix::fs::chown(&ours, Some(0), None).unwrap();
    fs::remove_file(&project).unwrap();
    std::os::unix::fs::symlink(&ours, &project).unwrap();
    std::os::unix::fs::lchown(&project, Some(4_000_000), None).unwrap();
    let mut places = home.places();
    places.user = None;
    assert_eq!(places.load().0.remarks.len(), 1);
}

#[test]
fn what_cannot_be_read_is_said() {
    let home = Home::new();
    let mut places = home.places();
    home.write("home/lantern.toml", "", 0o600);
    fs::write(home.0.path().join("home/lantern.toml"), b"a = \"\xff\"").unwrap();
    let (_, mistakes) = places.load();
    assert!(mistakes[0].message.contains("UTF-8"), "{mistakes:?}");
    places.named = Explicit::File(home.0.path().to_owned());
    assert_eq!(places.load().1.len(), 2, "a directory is no file");
}

#[test]
fn the_users_file_is_where_xdg_says() {
    let file = |config: Option<&str>, home: Option<&str>| {
        Places::user_file(config.map(PathBuf::from), home.map(PathBuf::from))
            .map(|path| path.to_str().unwrap().to_owned())
    };
    assert_eq!(file(Some("/c"), Some("/h")).unwrap(), "/c/lantern/lantern.toml");
    assert_eq!(file(None, Some("/h")).unwrap(), "/h/.config/lantern/lantern.toml");
    assert_eq!(file(Some("relative"), Some("/h")).unwrap(), "/h/.config/lantern/lantern.toml");
    assert_eq!(file(None, None), None);
}
