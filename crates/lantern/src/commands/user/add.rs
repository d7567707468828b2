//! Making a user.

use ipmi_client::users::{AddStep, AddUserError, NewUser, Why};

use super::{channel, password, set};
use crate::cli::UserAdd;
use crate::commands::{Context, Outcome};
use crate::error::{Error, Exit};
use crate::view::user::{Added, name as name_of};

pub(super) fn check(new: &UserAdd) -> Result<(), Error> {
    if new.access.limit.is_none() {
        return Err(Error::usage("what may the new user do?").next(
            "say so: --limit user, operator or administrator (--privilege is what this session \
             itself asks for)",
        ));
    }
    let given = password::new(new.new_password_file.as_deref()).check()?;
    given.map_or(Ok(()), |secret| password::size(&secret, new.size).map(drop))
}

pub(super) async fn run(new: &UserAdd, context: &Context<'_>) -> Outcome {
    let (bmc, channel) = (context.bmc, channel(new.on));
    let source = password::new(new.new_password_file.as_deref());
    let password = source.get(&format!("user '{}'", name_of(&new.name)), true).await?;
    let size = password::size(&password, new.size)?;
    password::tell(size, new.size, context.voice);
    // Nothing of whoever had the slot before is left to chance.
    let (mut access, _) = set::access(&new.access);
    access.callback_only.get_or_insert(false);
    access.link_authentication.get_or_insert(false);
    access.messaging.get_or_insert(true);
    let user = NewUser {
        name: new.name,
        password,
        size,
        channel,
        access,
        sol: new.sol,
        id: new.id,
        enable: !new.disabled,
    };
    let added = bmc.add_user(&user).await.map_err(|error| failed(error, new))?;
    Ok(Box::new(Added::new(new.name, channel, &added)))
}

const ENABLING: &str = "enabling";

fn failed(error: AddUserError, new: &UserAdd) -> Error {
    let message = error.to_string();
    let failed = || Error::told(Exit::Failed, message);
    match error {
        AddUserError::Bmc(error) => error.into(),
        AddUserError::NameTaken(id) => failed()
            .next(format!("'lantern user set {id} ...' changes that user; or choose another name")),
        AddUserError::SlotTaken(_) => {
            failed().next("leave out --id: the first free slot is taken then")
        }
        AddUserError::Full(_) => {
            failed().next("'lantern user list --all' shows who there is; remove one of them first")
        }
        AddUserError::Unfinished { id, step, why } => {
            let refused = matches!(&why, Why::Failed(error) if error.completion().is_some());
            let told = match why {
                Why::Failed(error) => Error::from(error),
                Why::NotKept => failed().cause("the BMC's firmware loses what it is told"),
            };
            let step = match step {
                AddStep::Name => "name",
                AddStep::Password => "password; some BMCs have rules for them",
                AddStep::Access => "access",
                AddStep::Enable => ENABLING,
            };
            let name = name_of(&new.name);
            if step == ENABLING && !refused {
                return told.next(format!(
                    "user {id} '{name}' may be enabled: look with 'lantern user get {id}'"
                ));
            }
            told.next(format!(
                "user {id} '{name}' is half made, and not enabled: it came as far as the {step}; \
                 go on with 'lantern user set {id} ...', or 'lantern user remove {id}'"
            ))
        }
    }
}
