//! What two configurations differ in.

use ipmi_bmc::User;
use ipmi_session::Secret;

use super::Config;

impl Config {
    /// What in `other` is not as it is here, by the names of sections and keys.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        // Whoever adds a field is told here.
        let Self {
            name,
            control,
            guid,
            personality,
            records_in,
            manufacturer,
            product,
            cold_reset,
            frozen,
            log,
            listen,
            suites,
            limit,
            kg,
            ipmi15,
            sessions,
            idle_timeout,
            rate,
            allow,
            hide_usernames,
            quirks,
            faults,
            network,
            apply,
            machine,
            power_on,
            seed,
            boot_devices,
            users,
            sensors,
            qemu,
            serial,
            system_interface,
            fleet,
        } = self;
        let all = [
            ("[bmc] name", *name == other.name),
            ("[bmc] control", *control == other.control),
            ("[bmc] guid", *guid == other.guid),
            ("[bmc] personality", *personality == other.personality),
            ("[bmc] records", *records_in == other.records_in),
            ("[bmc] manufacturer", *manufacturer == other.manufacturer),
            ("[bmc] product", *product == other.product),
            ("[bmc] cold_reset", *cold_reset == other.cold_reset),
            ("[bmc] frozen", *frozen == other.frozen),
            ("[sel]", *log == other.log),
            ("[lan] listen", *listen == other.listen),
            ("[lan] suites", *suites == other.suites),
            ("[lan] privilege_limit", *limit == other.limit),
            ("[lan] kg", is_same(kg.as_ref(), other.kg.as_ref())),
            ("[lan] ipmi15", *ipmi15 == other.ipmi15),
            ("[lan] sessions", *sessions == other.sessions),
            ("[lan] idle_timeout", *idle_timeout == other.idle_timeout),
            ("[lan] rate", *rate == other.rate),
            ("[lan] allow", *allow == other.allow),
            ("[lan] hide_usernames", *hide_usernames == other.hide_usernames),
            (Self::QUIRKS, *quirks == other.quirks),
            (Self::FAULTS, *faults == other.faults),
            ("[lan.network]", *network == other.network),
            ("[lan] apply", *apply == other.apply),
            ("[machine] kind", *machine == other.machine),
            ("[machine] power", *power_on == other.power_on),
            ("[machine] seed", *seed == other.seed),
            ("[machine] boot_devices", *boot_devices == other.boot_devices),
            ("[[user]]", is_same_list(users, &other.users)),
            ("[[bus]], [[sensor]] or [hwmon]", *sensors == other.sensors),
            ("[qemu]", *qemu == other.qemu),
            ("[serial]", *serial == other.serial),
            ("[system_interface]", *system_interface == other.system_interface),
            ("[fleet]", *fleet == other.fleet),
        ];
        all.into_iter().filter_map(|(what, is_same)| (!is_same).then_some(what)).collect()
    }

    /// What a running BMC can be given: see [`Server::set_quirks`](crate::Server::set_quirks).
    pub const QUIRKS: &'static str = "[lan] quirks";
    /// And this: see [`Server::set_faults`](crate::Server::set_faults).
    pub const FAULTS: &'static str = "[bmc] faults";
}

fn is_same(a: Option<&Secret>, b: Option<&Secret>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.len() == b.len() && a.padded() == b.padded(),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn is_same_list(a: &[User], b: &[User]) -> bool {
    let is_same_user = |(a, b): (&User, &User)| {
        let User { id, name, password, limit, enabled } = a;
        (id, name, limit, enabled) == (&b.id, &b.name, &b.limit, &b.enabled)
            && is_same(Some(password), Some(&b.password))
    };
    a.len() == b.len() && a.iter().zip(b).all(is_same_user)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_change_has_its_name() {
        let text = include_str!("../../../../examples/bmc.toml");
        let parse = |text: &str| Config::parse(text, Path::new("bmc.toml")).unwrap();
        let config = parse(text);
        assert!(config.differences(&parse(text)).is_empty());
        for (from, to, name) in [
            ("gallery-1", "gallery-2", "[bmc] name"),
            ("[lan]\nlisten", "control = \"s\"\n[lan]\nlisten", "[bmc] control"),
            ("[17, 3]", "[17]", "[lan] suites"),
            ("[17, 3]", "[17, 3]\nquirks = [\"seqbytwo\"]", Config::QUIRKS),
            ("[17, 3]", "[17, 3]\nallow = [\"::1\"]", "[lan] allow"),
            ("[17, 3]", "[17, 3]\nhide_usernames = true", "[lan] hide_usernames"),
            ("[17, 3]", "[17, 3]\nkg = \"k\"", "[lan] kg"),
            ("\"reference\"", "\"reference\"\nfaults = [\"busy=9\"]", Config::FAULTS),
            ("\"reference\"", "\"reference\"\nmanufacturer = 674", "[bmc] manufacturer"),
            ("\"reference\"", "\"reference\"\nproduct = 256", "[bmc] product"),
            ("Oper_Pass_3", "Oper_Pass_4", "[[user]]"),
            ("\"on\"", "\"off\"", "[machine] power"),
        ] {
            assert!(text.contains(from), "{from}");
            assert_eq!(config.differences(&parse(&text.replace(from, to))), [name], "{to}");
        }
    }
}
