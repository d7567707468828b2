use std::os::unix::fs::PermissionsExt;

use ipmi_bmc::nvram::{Room, setting};

use super::legacy::tests::FILE as OLD;
use super::*;

const POWER: Change = Change::Remove(setting::POWER);

fn event(number: u32) -> Change {
    let lid = [0, 0, 2, 5, 0, 0, 0, 0x20, 0, 4, 5, 0x40, 0x6f, 0, 0xff, 0xff];
    Change::Put(Key { room: Room::Sel, number }, lid.to_vec())
}

fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn error<T>(result: Result<T, StoreError>) -> String {
    result.map(drop).unwrap_err().to_string()
}

/// A file as a later version would leave it.
fn newer(path: &Path) {
    let database = redb::Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    let about = redb::TableDefinition::<&str, u32>::new("about");
    transaction.open_table(about).unwrap().insert("format", 7).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn a_directory_serves_one_bmc_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = Store::open(directory.path()).unwrap();
    for error in [error(Store::open(directory.path())), error(reset(directory.path()))] {
        assert!(error.starts_with("another BMC uses this state directory"), "{error}");
    }
    drop(first);
    Store::open(directory.path()).unwrap().close().unwrap();
    Store::open(directory.path()).unwrap();
}

#[test]
fn only_its_owner_can_read_what_is_kept() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("a/b");
    let mut store = Store::open(&directory).unwrap();
    store.commit(&[event(1)]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(names(&directory), ["bmc-state.lock", "nvram.redb"]);
    for name in names(&directory) {
        assert_eq!(mode(&directory.join(&name)), 0o600, "{name}");
    }
}

#[test]
fn a_later_format_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    Store::open(directory.path()).unwrap().close().unwrap();
    newer(&directory.path().join(FILE));
    for error in [error(Store::open(directory.path())), error(inspect(directory.path()))] {
        assert!(error.contains("format version 7; this program knows 1"), "{error}");
    }
    assert_eq!(reset(directory.path()).unwrap(), [directory.path().join("nvram.redb.old-1")]);
    Store::open(directory.path()).unwrap();
}

#[test]
fn a_damaged_file_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    for bytes in [&b""[..], b"not a database", &[0; 100_000]] {
        fs::write(&path, bytes).unwrap();
        for error in [error(Store::open(directory.path())), error(inspect(directory.path()))] {
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains("is damaged"), "{error}");
            assert!(error.contains("lantern bmc nvram reset"), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    // A value that makes no sense is damage, too.
    fs::remove_file(&path).unwrap();
    let mut store = Store::open(directory.path()).unwrap();
    store.commit(&[Change::Put(setting::GUID, vec![1, 2, 3])]).unwrap();
    let error = error(store.memory());
    assert!(error.contains("GUID") && error.contains("is damaged"), "{error}");
}

#[test]
fn what_an_earlier_version_kept_is_taken_over_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path(LEGACY), OLD).unwrap();
    // A first attempt did not get far.
    fs::write(path("nvram.redb.new"), "redb").unwrap();
    let seen = inspect(directory.path()).unwrap().unwrap();
    assert_eq!((seen.format, seen.counts[&Room::Sel]), (None, 2));
    assert_eq!(names(directory.path()), [LEGACY, "nvram.redb.new"]);

    let mut store = Store::open(directory.path()).unwrap();
    assert_eq!(store.memory().unwrap(), seen.memory);
    store.commit(&[POWER]).unwrap();
    store.close().unwrap();
    assert_eq!(names(directory.path()), ["bmc-state.lock", FILE]);

    // The power failed before the old file was gone: it must not come back.
    fs::write(path(LEGACY), OLD).unwrap();
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.memory().unwrap().power_on, None);
    assert_eq!(names(directory.path()), ["bmc-state.lock", "bmc-state.toml.old-1", FILE]);
}

#[test]
fn an_earlier_versions_file_that_is_not_whole_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(LEGACY);
    for (text, says) in [(&OLD[..30], "is damaged"), ("version = 2\n", "format version 2")] {
        fs::write(&path, text).unwrap();
        let error = error(Store::open(directory.path()));
        assert!(error.contains(says) && error.contains(LEGACY), "{error}");
        assert_eq!(names(directory.path()), ["bmc-state.lock", LEGACY]);
    }
}

#[test]
fn a_look_changes_nothing_and_sees_a_moment_of_a_running_bmc() {
    let directory = tempfile::tempdir().unwrap();
    assert!(inspect(directory.path()).unwrap().is_none());
    assert!(error(inspect(&directory.path().join("none"))).contains("No such file"));
    assert!(names(directory.path()).is_empty());

    let mut store = Store::open(directory.path()).unwrap();
    let header = Change::Put(setting::SEL, vec![0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1, 0, 0]);
    store.commit(&[header, event(0)]).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 1..300 {
                store.commit(&[event(number), event(number + 1000)]).unwrap();
            }
        });
        let mut last = 0;
        while !writer.is_finished() {
            let seen = inspect(directory.path()).unwrap().unwrap();
            let count = seen.memory.log.unwrap().records.len();
            assert!(count % 2 == 1 && count >= last, "{count} after {last}");
            assert!(seen.in_use);
            last = count;
        }
    });
    drop(store);

    // As after kill -9, and on a disk that cannot be written: the file needs repair, and gets none.
    let path = directory.path().join(FILE);
    let bytes = fs::read(&path).unwrap();
    let seen = inspect(directory.path()).unwrap().unwrap();
    assert_eq!((seen.format, seen.in_use), (Some(1), false));
    assert_eq!(seen.counts[&Room::Sel], 599);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_reset_moves_aside_what_there_is() {
    let directory = tempfile::tempdir().unwrap();
    assert!(error(reset(&directory.path().join("none"))).contains("No such file"));
    assert!(reset(directory.path()).unwrap().is_empty());
    for number in 1..4 {
        let mut store = Store::open(directory.path()).unwrap();
        assert!(store.values.is_empty());
        store.commit(&[event(number)]).unwrap();
        drop(store);
        let aside = reset(directory.path()).unwrap();
        assert_eq!(aside, [directory.path().join(format!("nvram.redb.old-{number}"))]);
    }
    assert!(inspect(directory.path()).unwrap().is_none());
    fs::rename(directory.path().join("nvram.redb.old-2"), directory.path().join(FILE)).unwrap();
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.keys().map(|key| key.number).collect::<Vec<_>>(), [2]);
}
