//! Many at once, killed while they write, damaged files, BMCs that resemble each other.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ipmi_wire::cmd::app::Guid;
use ipmi_wire::cmd::storage::GetSdr;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::Bmc;
use crate::fake::{Machine, full_sensor};

fn directory() -> TempDir {
    let directory = TempDir::new().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    directory
}

fn machine(names: &[&str]) -> Arc<Machine> {
    Machine::with_sdrs((1..).zip(names).map(|(number, name)| full_sensor(number, name)))
}

async fn names(bmc: &Bmc) -> Vec<String> {
    let set = bmc.sdrs().await.unwrap();
    set.records().iter().map(|record| record.name().unwrap().text()).collect()
}

/// Files in a room of the cache, locks apart.
fn files(directory: &Path, room: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.join("v1").join(room)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_none());
    paths.sort();
    paths
}

#[tokio::test]
async fn the_next_process_reads_no_record() {
    let directory = directory();
    let machine = machine(&["Inlet", "Outlet"]);
    let cache = Cache::at(directory.path().join("made/when/needed"));
    assert_eq!(names(&machine.bmc().with_cache(&cache)).await, ["Inlet", "Outlet"]);
    machine.requests();
    // What a process knows goes with it: another handle stands for another process.
    assert_eq!(names(&machine.bmc().with_cache(&cache)).await, ["Inlet", "Outlet"]);
    assert_eq!(machine.requests(), 2);
    for path in ["made", "made/when/needed", "made/when/needed/v1/bmc"] {
        let mode = fs::metadata(directory.path().join(path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{path}");
    }
    for room in ["bmc", "sets"] {
        for path in files(cache.directory(), room) {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[tokio::test]
async fn the_size_that_a_bmc_took_is_known_to_the_next_process() {
    let directory = directory();
    let cache = Cache::at(directory.path());
    let machine = machine(&["A", "B", "C"]);
    machine.world().most = 22;
    names(&machine.bmc().with_cache(&cache)).await;
    machine.requests();
    // Other records in the same BMC, which are read again: in pieces from the start.
    machine.world().sdr_info.last_addition += 1;
    names(&machine.bmc().with_cache(&cache)).await;
    let reads = machine.count::<GetSdr>();
    assert_eq!(reads, 3 * 3);
    // Other firmware is given another chance.
    machine.world().device.firmware_minor += 1;
    machine.world().most = u8::MAX;
    machine.requests();
    names(&machine.bmc().with_cache(&cache)).await;
    assert_eq!(machine.count::<GetSdr>(), 3);
}

#[tokio::test]
async fn equal_machines_share_one_file() {
    let directory = directory();
    let cache = Cache::at(directory.path());
    let machine = machine(&["Inlet", "Outlet"]);
    for host in 1..=20 {
        let bmc = machine.bmc_at(([192, 0, 2, host], 623).into()).with_cache(&cache);
        assert_eq!(names(&bmc).await.len(), 2);
    }
    assert_eq!(files(directory.path(), "sets").len(), 1);
    assert_eq!(files(directory.path(), "bmc").len(), 20);
}

#[tokio::test]
async fn two_bmcs_with_one_guid_never_get_each_others_names() {
    let directory = directory();
    let cache = Cache::at(directory.path());
    // Everything that they say of themselves is equal.
    let machines = [machine(&["Left"]), machine(&["Right"])];
    let sane = machines[0].world().guid;
    for guid in [Some(Guid([0; 16])), sane, None] {
        for machine in &machines {
            machine.world().guid = guid;
        }
        for _ in 0..2 {
            let [left, right] = &machines;
            let left = left.bmc_at(([192, 0, 2, 1], 623).into()).with_cache(&cache);
            let right = right.bmc_at(([192, 0, 2, 2], 623).into()).with_cache(&cache);
            assert_eq!(names(&left).await, ["Left"]);
            assert_eq!(names(&right).await, ["Right"]);
        }
    }
}

#[tokio::test]
async fn another_machine_at_the_same_address_is_noticed() {
    let directory = directory();
    let cache = Cache::at(directory.path());
    let (before, after) = (machine(&["Before"]), machine(&["After"]));
    // With a GUID of its own, and with the one that everybody has.
    for guid in [Some(Guid(*b"another's own id")), Some(Guid([0xff; 16]))] {
        if guid == Some(Guid([0xff; 16])) {
            before.world().guid = guid;
        }
        after.world().guid = guid;
        assert_eq!(names(&before.bmc().with_cache(&cache)).await, ["Before"]);
        assert_eq!(names(&after.bmc().with_cache(&cache)).await, ["After"]);
    }
}

#[tokio::test]
async fn new_firmware_and_constant_times_make_it_read_again() {
    let directory = directory();
    let cache = Cache::at(directory.path());
    let machine = machine(&["Old"]);
    names(&machine.bmc().with_cache(&cache)).await;
    machine.world().set_sdrs([full_sensor(1, "New")]);
    machine.world().device.auxiliary_firmware = Some([0, 0, 0, 1]);
    assert_eq!(names(&machine.bmc().with_cache(&cache)).await, ["New"]);
    // The old set is nobody's now.
    assert_eq!(files(directory.path(), "sets").len(), 2);
    assert_eq!(cache.prune(Duration::from_secs(3600)).await.unwrap(), 0, "it is young");
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(48 * 3600);
    for path in files(directory.path(), "sets") {
        fs::File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
    }
    assert_eq!(cache.prune(Duration::from_secs(3600)).await.unwrap(), 1);
    assert_eq!(names(&machine.bmc().with_cache(&cache)).await, ["New"]);
    assert_eq!(cache.prune(Duration::ZERO).await.unwrap(), 2);
}

#[tokio::test]
async fn a_set_that_proves_little_is_old_after_an_hour() {
    let directory = directory();
    let cache = Cache::at(directory.path());
    let machine = machine(&["First", "Last"]);
    machine.world().sdr_info.last_addition = u32::MAX;
    let bmc = || machine.bmc().with_cache(&cache);
    names(&bmc()).await;
    // Neither the times nor the last record show it.
    machine.world().sdrs[0] = full_sensor(1, "Other");
    machine.world().sdrs[0][0] = 1;
    assert_eq!(names(&bmc()).await, ["First", "Last"]);
    let key = Key::new(machine.world().guid, ([192, 0, 2, 1], 623).into());
    let mut entry = cache.load(&key).await.unwrap();
    for later in [false, true] {
        let age = Duration::from_secs(3601);
        let read = &mut entry.known.read;
        // From a clock that goes wrong, nothing is believed either.
        *read = if later { *read + age + age } else { *read - age };
        cache.store(&key, entry.clone()).await;
        assert_eq!(names(&bmc()).await, ["Other", "Last"]);
    }
}

#[tokio::test]
async fn eight_tasks_at_once_read_the_records_once() {
    let directory = directory();
    let machine = machine(&["A", "B", "C", "D"]);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let bmc = machine.bmc().with_cache(&Cache::at(directory.path()));
        tasks.spawn(async move { names(&bmc).await });
    }
    while let Some(outcome) = tasks.join_next().await {
        assert_eq!(outcome.unwrap(), ["A", "B", "C", "D"]);
    }
    assert_eq!(machine.count::<GetSdr>(), 4);
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_costs_nothing_but_time() {
    let directory = directory();
    let machine = machine(&["A"]);
    let file = directory.path().join("file");
    fs::write(&file, b"").unwrap();
    let open_to_all = directory.path().join("all");
    fs::create_dir(&open_to_all).unwrap();
    fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o777)).unwrap();
    for path in [file.as_path(), &file.join("below"), &open_to_all, Path::new("/proc/none")] {
        let cache = Cache::at(path);
        for _ in 0..2 {
            assert_eq!(names(&machine.bmc().with_cache(&cache)).await, ["A"]);
        }
        assert!(cache.shared.warned.load(Ordering::Relaxed), "{}", path.display());
    }
    assert_eq!(fs::read_dir(open_to_all).unwrap().count(), 0);
}

#[tokio::test]
async fn a_full_disk_costs_nothing_but_time() {
    // Nothing can be written, as on a full disk: "tmp" is no directory.
    let directory = directory();
    let machine = machine(&["A"]);
    fs::create_dir_all(directory.path().join("v1")).unwrap();
    fs::write(directory.path().join("v1/tmp"), b"").unwrap();
    let cache = Cache::at(directory.path());
    assert_eq!(names(&machine.bmc().with_cache(&cache)).await, ["A"]);
    assert!(cache.shared.warned.load(Ordering::Relaxed));
}

#[tokio::test]
async fn no_flipped_bit_and_no_cut_gives_a_wrong_name() {
    let directory = directory();
    let cache = Cache::at(directory.path());
    let machine = machine(&["Inlet", "Outlet"]);
    names(&machine.bmc().with_cache(&cache)).await;
    let key = Key::new(machine.world().guid, ([192, 0, 2, 1], 623).into());
    for room in ["bmc", "sets"] {
        let path = files(directory.path(), room).remove(0);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            fs::write(&path, &whole[..at]).unwrap();
            assert!(cache.load(&key).await.is_none(), "{room} cut at {at}");
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&path, &flipped).unwrap();
            assert!(cache.load(&key).await.is_none(), "{room} flipped at {at}");
        }
        fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
        assert!(cache.load(&key).await.is_none());
        // The damage is repaired without a word.
        assert_eq!(names(&machine.bmc().with_cache(&cache)).await, ["Inlet", "Outlet"]);
        assert!(cache.load(&key).await.is_some());
    }
    assert!(!cache.shared.warned.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_file_under_another_bmcs_name_is_not_used() {
    let directory = directory();
    let cache = Cache::at(directory.path());
    let machine = machine(&["A"]);
    names(&machine.bmc().with_cache(&cache)).await;
    let other = Key::new(machine.world().guid, ([192, 0, 2, 9], 623).into());
    let path = files(directory.path(), "bmc").remove(0);
    fs::copy(&path, path.with_file_name(other.file_name())).unwrap();
    assert!(cache.load(&other).await.is_none());
}

#[tokio::test]
async fn nothing_is_removed_from_a_directory_that_others_may_write_to() {
    let directory = directory();
    let cache = Cache::at(directory.path());
    names(&machine(&["A"]).bmc().with_cache(&cache)).await;
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // There, the rooms may be links to anywhere.
    assert!(cache.prune(Duration::ZERO).await.is_err());
    assert_eq!(files(directory.path(), "bmc").len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, room in prop_oneof![Just("bmc"), Just("sets")]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = directory();
            let cache = Cache::at(directory.path());
            let machine = machine(&["A"]);
            names(&machine.bmc().with_cache(&cache)).await;
            fs::write(&files(directory.path(), room)[0], &bytes).unwrap();
            assert_eq!(names(&machine.bmc().with_cache(&cache)).await, ["A"]);
        });
    }
}

/// The other process of the tests below: this test, run alone, with the directory in its
/// environment. It reads and writes until it is killed, or once.
#[tokio::test]
async fn child() {
    let Some(directory) = std::env::var_os("LANTERN_TEST_CACHE") else { return };
    let endlessly = std::env::var_os("LANTERN_TEST_ENDLESSLY").is_some();
    let machine = machine(&["A", "B", "C"]);
    let cache = Cache::at(directory);
    println!("begun");
    loop {
        assert_eq!(names(&machine.bmc().with_cache(&cache)).await, ["A", "B", "C"]);
        if !endlessly {
            break;
        }
        // Everything is written anew each time.
        let key = Key::new(machine.world().guid, ([192, 0, 2, 1], 623).into());
        for path in files(cache.directory(), "sets") {
            let _ = fs::remove_file(path);
        }
        let entry = cache.load(&key).await;
        assert!(entry.is_none_or(|entry| entry.known.set.records().len() == 3));
    }
    assert!(!cache.shared.warned.load(Ordering::Relaxed));
}

fn spawn(directory: &Path, endlessly: bool) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "cache::tests::child", "--nocapture"]);
    command.env("LANTERN_TEST_CACHE", directory).stdout(Stdio::piped()).stderr(Stdio::piped());
    if endlessly {
        command.env("LANTERN_TEST_ENDLESSLY", "1");
    }
    command.spawn().unwrap()
}

#[test]
fn eight_processes_at_once_get_the_right_names() {
    let directory = directory();
    let children: Vec<_> = (0..8).map(|_| spawn(directory.path(), false)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(files(directory.path(), "sets").len(), 1);
    assert_eq!(files(directory.path(), "bmc").len(), 1);
    assert_eq!(files(directory.path(), "tmp").len(), 0);
}

#[test]
fn a_process_killed_while_it_writes_leaves_nothing_that_is_believed() {
    let directory = directory();
    for round in 0..20u64 {
        let mut child = spawn(directory.path(), true);
        let mut begun = [0; 1];
        child.stdout.take().unwrap().read_exact(&mut begun).unwrap();
        std::thread::sleep(Duration::from_micros(30_000 + round * 1700));
        child.kill().unwrap();
        child.wait().unwrap();
        // Whoever comes next gets the lock at once, and the right names.
        let output = spawn(directory.path(), false).wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
