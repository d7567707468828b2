//! The users there are: as configured at first, as commands change them from then on.
//!
//! Beside every configured user is kept what the configuration said. As long as it says the same,
//! commands have the last word; once it says something else of a user, it has it again, for that
//! user. Users that only commands know are nobody else's business.
//!
//! A user without a name is the null user, under whatever ID, and never gets in; nor does one
//! without a password.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipmi_wire::cmd::app::{Password, PayloadAccess, UserFlags};
use ipmi_wire::session::Username;
use ipmi_wire::{CompletionCode, Privilege};

use super::User;
use crate::dispatch::Outcome;
use crate::nvram::{Journal, KeptPassword, KeptUser, Key, Room, Seed};

/// The users, by ID. An ID that is not there is free. A copy shares them until either changes.
#[derive(Clone, Debug)]
pub(crate) struct Users(Arc<BTreeMap<u8, KeptUser>>);

impl Users {
    /// The greatest user ID.
    pub(crate) const MAX_ID: u8 = 15;
    /// The null user's ID, with a name that cannot be changed: it has none.
    const NULL: u8 = 1;

    /// The users of a BMC that starts: `configured`, and what is `kept` of what commands did.
    pub(crate) fn new(
        configured: &[User],
        kept: &BTreeMap<u8, KeptUser>,
        journal: &mut Journal,
    ) -> Self {
        let delivered: BTreeMap<u8, KeptUser> =
            configured.iter().map(|user| (user.id, KeptUser::delivered(user))).collect();
        let mut users = Self(Arc::new(kept.clone()));
        // Whom the configuration has anew or otherwise, and whom it has no longer.
        let said = |users: &BTreeMap<u8, KeptUser>, id: &u8| users.get(id)?.seed.clone();
        let ids = delivered.keys().chain(kept.keys()).copied();
        let changed: BTreeSet<u8> =
            ids.filter(|id| said(&delivered, id) != said(kept, id)).collect();
        for id in &changed {
            users.put(*id, delivered.get(id).cloned().unwrap_or_default(), journal);
        }
        users.give_back_names(changed, journal);
        users
    }

    /// Takes the names of `settled` users, which the configuration gave them, from all others: who
    /// has one by command is called as configured again, or is nobody.
    fn give_back_names(&mut self, mut settled: BTreeSet<u8>, journal: &mut Journal) {
        let mut due = settled.clone();
        while let Some(id) = due.pop_first() {
            let name = self.0.get(&id).map(|user| user.name).unwrap_or_default();
            let namesakes: Vec<_> = self
                .with_ids()
                .filter(|(other, user)| user.name == name && !settled.contains(other))
                .filter(|(_, user)| !user.name.is_empty())
                .map(|(other, user)| (other, user.clone()))
                .collect();
            for (other, user) in namesakes {
                let configured = user.seed.as_ref().map(|seed| seed.name);
                let user = configured.map(|name| KeptUser { name, ..user }).unwrap_or_default();
                self.put(other, user, journal);
                settled.insert(other);
                due.insert(other);
            }
        }
    }

    /// All users, the nameless included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &KeptUser> {
        self.0.values()
    }

    pub(crate) fn with_ids(&self) -> impl Iterator<Item = (u8, &KeptUser)> {
        self.0.iter().map(|(id, user)| (*id, user))
    }

    /// User `id`; a free ID is a user without a name.
    pub(crate) fn get(&self, id: u8) -> Outcome<KeptUser> {
        // As OpenBMC answers; CCh would say that the ID has no name (FreeIPMI's ipmi-config).
        if !(Self::NULL..=Self::MAX_ID).contains(&id) {
            return Err(CompletionCode::PARAMETER_OUT_OF_RANGE);
        }
        Ok(self.0.get(&id).cloned().unwrap_or_default())
    }

    /// How many users are enabled, not counting those of whom `but` says so.
    pub(crate) fn enabled(&self, but: impl Fn(u8) -> bool) -> u8 {
        let enabled = self.with_ids().filter(|(id, user)| user.enabled && !but(*id));
        u8::try_from(enabled.count()).unwrap_or(u8::MAX)
    }

    /// How many names cannot be changed: the null user's.
    pub(crate) const fn fixed_names() -> u8 {
        1
    }

    /// Gives user `id` another name. Without one there is no such user any more: whoever gets the
    /// ID next gets nothing of this one's, least of all the password.
    pub(crate) fn rename(&mut self, id: u8, name: Username, journal: &mut Journal) -> Outcome<()> {
        // The specification lets two users have one name and differ by privilege. Here a name is
        // one user's, as with OpenBMC and Intel's S5500WBV (FreeIPMI's ipmi-config): a console
        // that looks for the name alone would never find the second.
        let taken = self.with_ids().any(|(other, user)| other != id && user.name == name);
        if taken && !name.is_empty() {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        self.change(id, journal, |user| {
            if id == Self::NULL {
                return Err(CompletionCode::INVALID_DATA_FIELD);
            }
            *user = match name.is_empty() {
                true => KeptUser { seed: user.seed.take(), ..KeptUser::default() },
                false => KeptUser { name, ..user.clone() },
            };
            Ok(())
        })
    }

    /// Sets what user `id` may do; without `flags` these stay as they are.
    pub(crate) fn set_access(
        &mut self,
        id: u8,
        flags: Option<UserFlags>,
        limit: Option<Privilege>,
        journal: &mut Journal,
    ) -> Outcome<()> {
        self.change(id, journal, |user| {
            user.flags = flags.unwrap_or(user.flags);
            user.limit = limit;
            Ok(())
        })
    }

    /// Lets user `id` activate these payloads, too, or no longer.
    pub(crate) fn set_payloads(
        &mut self,
        id: u8,
        enable: bool,
        payloads: PayloadAccess,
        journal: &mut Journal,
    ) -> Outcome<()> {
        self.change(id, journal, |user| {
            user.payloads = match enable {
                true => user.payloads.with(payloads),
                false => user.payloads.without(payloads),
            };
            Ok(())
        })
    }

    /// Enables or disables user `id`. The null user cannot be enabled.
    pub(crate) fn enable(&mut self, id: u8, enabled: bool, journal: &mut Journal) -> Outcome<()> {
        self.change(id, journal, |user| {
            // A password may still follow: FreeIPMI's bmc-config enables first.
            if enabled && user.name.is_empty() {
                return Err(CompletionCode::INVALID_DATA_FIELD);
            }
            user.enabled = enabled;
            Ok(())
        })
    }

    /// Gives user `id` another password; not the null user, and not an empty one.
    pub(crate) fn set_password(
        &mut self,
        id: u8,
        password: &Password,
        journal: &mut Journal,
    ) -> Outcome<()> {
        let password = KeptPassword::sized(password);
        self.change(id, journal, |user| {
            if id == Self::NULL || password.is_empty() {
                return Err(CompletionCode::INVALID_DATA_FIELD);
            }
            user.password = password;
            Ok(())
        })
    }

    /// Changes user `id`, and notes it if it makes a difference, or may.
    fn change(
        &mut self,
        id: u8,
        journal: &mut Journal,
        change: impl FnOnce(&mut KeptUser) -> Outcome<()>,
    ) -> Outcome<()> {
        let old = self.get(id)?;
        let mut user = old.clone();
        change(&mut user)?;
        if user == old && !journal.is_in_doubt() {
            return Ok(());
        }
        self.put(id, user, journal);
        Ok(())
    }

    /// Notes user `id`, or that there is none.
    fn put(&mut self, id: u8, user: KeptUser, journal: &mut Journal) {
        if user == KeptUser::default() {
            journal.remove(key(id));
            Arc::make_mut(&mut self.0).remove(&id);
        } else {
            journal.put(key(id), &user);
            Arc::make_mut(&mut self.0).insert(id, user);
        }
    }
}

const fn key(id: u8) -> Key {
    Key { room: Room::Users, number: id as u32 }
}

impl KeptUser {
    /// The user as configured.
    fn delivered(user: &User) -> Self {
        let User { id: _, name, password, limit, enabled } = user;
        let password = KeptPassword::sizeless(password.clone());
        Self {
            seed: Some(Seed {
                name: *name,
                password: password.clone(),
                limit: *limit,
                enabled: *enabled,
            }),
            name: *name,
            password,
            enabled: *enabled,
            limit: Some(*limit),
            ..Self::default()
        }
    }

    /// The most that the user may do in a session; `None` if there can be none.
    pub(crate) fn access(&self) -> Option<Privilege> {
        let may = self.enabled
            && self.flags.messaging
            && !self.name.is_empty()
            && !self.password.is_empty();
        // §22.26: who may only call in may do no more, whatever the limit.
        let most = if self.flags.callback_only { Privilege::Callback } else { Privilege::Oem };
        self.limit.filter(|_| may).map(|limit| limit.min(most))
    }
}

#[cfg(test)]
mod tests {
    use ipmi_session::Secret;
    use ipmi_wire::cmd::app::PasswordSize;

    use super::*;
    use crate::nvram::{Change, Memory};

    fn name(text: &str) -> Username {
        Username::new(text.as_bytes()).unwrap()
    }

    fn user(id: u8, text: &str) -> User {
        User {
            id,
            name: name(text),
            password: Secret::new(b"Complex_Pass").unwrap(),
            limit: Privilege::Administrator,
            enabled: true,
        }
    }

    fn password(text: &str) -> Password {
        Password::new(PasswordSize::Twenty, text.as_bytes()).unwrap()
    }

    /// What a store has.
    #[derive(Default)]
    struct Store {
        journal: Journal,
        values: BTreeMap<Key, Vec<u8>>,
    }

    impl Store {
        fn commit(&mut self) -> usize {
            let changes = self.journal.take();
            let count = changes.len();
            for change in changes {
                match change {
                    Change::Put(key, value) => drop(self.values.insert(key, value)),
                    Change::Remove(key) => drop(self.values.remove(&key)),
                    Change::Clear(room) => self.values.retain(|key, _| key.room != room),
                }
            }
            count
        }

        /// The BMC starts with this configuration; how much that changes.
        fn start(&mut self, configured: &[User]) -> (Users, usize) {
            let values = self.values.iter().map(|(key, value)| (*key, value.as_slice()));
            let memory = Memory::decode(values).unwrap();
            let users = Users::new(configured, &memory.users, &mut self.journal);
            (users, self.commit())
        }
    }

    #[test]
    fn what_a_command_does_outlives_a_restart() {
        let configured = [user(2, "admin"), user(3, "oper")];
        let mut store = Store::default();
        let (mut users, noted) = store.start(&configured);
        assert_eq!(noted, 2, "the configured users are noted at the first start");
        let journal = &mut store.journal;
        users.rename(3, name("olga"), journal).unwrap();
        users.set_password(3, &password("another"), journal).unwrap();
        users.rename(5, name("bob"), journal).unwrap();
        users.set_access(5, None, Some(Privilege::User), journal).unwrap();
        users.enable(2, false, journal).unwrap();
        store.commit();
        let (again, noted) = store.start(&configured);
        assert_eq!((&again.0, noted), (&users.0, 0));
        assert_eq!(again.get(3).unwrap().name, name("olga"));
        assert_eq!(again.get(3).unwrap().password.test(&password("another")), Ok(()));
        assert!(!again.get(2).unwrap().enabled);
        assert_eq!(again.get(5).unwrap().limit, Some(Privilege::User));
    }

    #[test]
    fn a_configuration_that_changes_has_the_last_word_for_that_user() {
        let mut store = Store::default();
        let (mut users, _) = store.start(&[user(2, "admin"), user(3, "oper"), user(4, "guest")]);
        for id in 2..=5 {
            let text = format!("user-{id}");
            users.rename(id, name(&text), &mut store.journal).unwrap();
        }
        store.commit();
        // 3 has another limit, 4 is gone.
        let oper = User { limit: Privilege::Operator, ..user(3, "oper") };
        let (users, noted) = store.start(&[user(2, "admin"), oper.clone()]);
        assert_eq!(noted, 2);
        assert_eq!(users.get(2).unwrap().name, name("user-2"));
        assert_eq!(users.get(3).unwrap(), KeptUser::delivered(&oper));
        assert_eq!(users.get(4).unwrap(), KeptUser::default());
        assert_eq!(users.get(5).unwrap().name, name("user-5"));
        // Each of these is a change, too; and none is one twice.
        for changed in [
            User { enabled: false, ..oper.clone() },
            User { password: Secret::new(b"new").unwrap(), ..oper.clone() },
            User { name: name("other"), ..oper.clone() },
            oper,
        ] {
            let configured = [user(2, "admin"), changed.clone()];
            let (users, noted) = store.start(&configured);
            assert_eq!((users.get(3).unwrap(), noted), (KeptUser::delivered(&changed), 1));
            assert_eq!(store.start(&configured).1, 0);
        }
    }

    #[test]
    fn a_name_that_the_configuration_gives_is_taken_back_from_others() {
        let mut store = Store::default();
        let (mut users, _) = store.start(&[user(2, "admin"), user(3, "oper")]);
        let journal = &mut store.journal;
        users.rename(3, name("carl"), journal).unwrap();
        users.rename(4, name("oper"), journal).unwrap();
        users.rename(5, name("eve"), journal).unwrap();
        store.commit();
        // 6 is to be carl, so 3 is oper again, so 4 is nobody.
        let (users, _) = store.start(&[user(2, "admin"), user(3, "oper"), user(6, "carl")]);
        let names = users.with_ids().map(|(id, user)| (id, user.name.to_string()));
        let expected = [(2, "admin"), (3, "oper"), (5, "eve"), (6, "carl")];
        assert_eq!(names.collect::<Vec<_>>(), expected.map(|(id, name)| (id, name.to_owned())));
    }

    #[test]
    fn a_user_removed_by_command_stays_removed_and_leaves_nothing_behind() {
        let configured = [user(2, "admin"), user(3, "oper")];
        let mut store = Store::default();
        let (mut users, _) = store.start(&configured);
        let journal = &mut store.journal;
        users.rename(3, name(""), journal).unwrap();
        users.rename(5, name("bob"), journal).unwrap();
        users.set_password(5, &password("secret"), journal).unwrap();
        users.rename(5, name(""), journal).unwrap();
        users.rename(5, name("carl"), journal).unwrap();
        assert!(users.get(5).unwrap().password.is_empty());
        users.rename(5, name(""), journal).unwrap();
        store.commit();
        let (users, noted) = store.start(&configured);
        assert_eq!(noted, 0);
        assert_eq!(users.get(3).unwrap().name, name(""));
        assert!(users.get(3).unwrap().access().is_none());
        assert_eq!(users.with_ids().map(|(id, _)| id).collect::<Vec<_>>(), [2, 3]);
        // Until the configuration says something else.
        let disabled = User { enabled: false, ..user(3, "oper") };
        assert_eq!(store.start(&[disabled]).0.get(3).unwrap().name, name("oper"));
    }

    #[test]
    fn the_null_user_stays_what_it_is() {
        let refused = Err(CompletionCode::INVALID_DATA_FIELD);
        let mut journal = Journal::default();
        let mut users = Users::new(&[user(2, "admin")], &BTreeMap::new(), &mut journal);
        assert_eq!(users.rename(1, name("bob"), &mut journal), refused);
        assert_eq!(users.rename(1, name(""), &mut journal), refused);
        assert_eq!(users.set_password(1, &password("secret"), &mut journal), refused);
        assert_eq!(users.enable(1, true, &mut journal), refused);
        users.enable(1, false, &mut journal).unwrap();
        let all = UserFlags { messaging: true, ..UserFlags::default() };
        users.set_access(1, Some(all), Some(Privilege::Administrator), &mut journal).unwrap();
        assert_eq!(users.get(1).unwrap().access(), None);
        // Nor is there another.
        users.set_password(5, &password("secret"), &mut journal).unwrap();
        assert_eq!(users.enable(5, true, &mut journal), refused);
        assert_eq!((users.enabled(|_| false), users.enabled(|id| id == 2)), (1, 0));
    }

    #[test]
    fn names_are_unique_and_passwords_not_empty() {
        let refused = Err(CompletionCode::INVALID_DATA_FIELD);
        let mut journal = Journal::default();
        let mut users = Users::new(&[user(2, "admin")], &BTreeMap::new(), &mut journal);
        assert_eq!(users.rename(5, name("admin"), &mut journal), refused);
        users.rename(2, name("admin"), &mut journal).unwrap();
        assert_eq!(users.set_password(2, &password(""), &mut journal), refused);
        for id in [0, 16, 63] {
            let nobody = Err(CompletionCode::PARAMETER_OUT_OF_RANGE);
            assert_eq!(users.rename(id, name("bob"), &mut journal), nobody);
            assert_eq!(users.get(id).map(drop), nobody);
        }
    }

    #[test]
    fn it_takes_everything_to_get_in() {
        let bob = KeptUser::delivered(&user(5, "bob"));
        assert_eq!(bob.access(), Some(Privilege::Administrator));
        let flags = |callback_only, messaging| UserFlags {
            callback_only,
            messaging,
            ..UserFlags::default()
        };
        let caller = KeptUser { flags: flags(true, true), ..bob.clone() };
        assert_eq!(caller.access(), Some(Privilege::Callback));
        for nobody in [
            KeptUser { enabled: false, ..bob.clone() },
            KeptUser { limit: None, ..bob.clone() },
            KeptUser { name: name(""), ..bob.clone() },
            KeptUser { password: KeptPassword::default(), ..bob.clone() },
            KeptUser { flags: flags(false, false), ..bob },
        ] {
            assert_eq!(nobody.access(), None);
        }
    }

    #[test]
    fn what_makes_no_difference_is_not_noted() {
        let mut journal = Journal::default();
        let mut users = Users::new(&[user(2, "admin")], &BTreeMap::new(), &mut journal);
        let noted = journal.noted();
        users.enable(2, true, &mut journal).unwrap();
        users.rename(2, name("admin"), &mut journal).unwrap();
        users.set_access(2, None, Some(Privilege::Administrator), &mut journal).unwrap();
        assert_eq!(journal.noted(), noted);
    }
}
