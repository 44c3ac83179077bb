//! How often a password may be tried. Counted where passwords are checked, so that no way around it wins anything:
//! so many from one network, so many for one account from one network; and where an account sees failure after failure, each
//! further try is held back a while, longer each time. Nobody is locked out: a try that is held back is then
//! decided like any other, and a network from which somebody signed in before is not held back. Somebody, not the account: so
//! that nothing tells which accounts there are.

use super::{password, read};
use crate::error::Failure;
use crate::limit::Key;
use crate::operation::Operation;

/// Failures in a row after which tries are held back.
const FREE_FAILURES: u32 = 5;
/// Longest time that a try is held back.
const LONGEST_DELAY_SECONDS: i64 = 10;
/// What one is told who comes when too many are held back already.
const RETRY_AFTER_SECONDS: u32 = 30;

/// A try that may go on. It counts as failed until it is said to have succeeded.
pub struct Attempt {
    /// Whether somebody signed in from this network before; only asked where it matters.
    pub(super) is_from_known_network: bool,
    account: Key,
    account_and_network: Key,
}

/// Lets a try of this account's password go on, in time, or refuses it. Whether there is such an account makes no difference.
/// The operator, at the machine itself, is not counted.
pub async fn admit(op: &Operation, email: &str) -> Result<Option<Attempt>, Failure> {
    let Some(network) = op.client.network() else { return Ok(None) };
    let limits = &op.store.limits;
    let account = Key::of(&[b"account", email.as_bytes()]);
    let account_and_network = Key::of(&[b"account and network", email.as_bytes(), &network]);
    let mut is_known = false;
    if limits.password_queue.available_permits() == 0 {
        // Refused before it counts: too many others are no failure of this one.
        is_known = read::is_known(op, &network).await?;
        if !is_known {
            return Err(Failure::RateLimited { retry_after: password::RETRY_AFTER_SECONDS });
        }
    }
    limits.sign_in_network.take(Key::of(&[b"network", &network]))?;
    limits.sign_in.take(account_and_network)?;
    let delay = delay_after(limits.sign_in_failures.add(account));
    let until = op.store.clock.now().plus_seconds(delay);
    if delay > 0 {
        is_known = is_known || read::is_known(op, &network).await?;
        if !is_known {
            let _place = limits
                .sign_ins_waiting
                .try_acquire()
                .map_err(|_| Failure::RateLimited { retry_after: RETRY_AFTER_SECONDS })?;
            op.end_reading().await;
            op.store.clock.wait_until(until).await;
        }
    }
    Ok(Some(Attempt { is_from_known_network: is_known, account, account_and_network }))
}

impl Attempt {
    /// The password was right: what was counted for the account is forgotten.
    pub fn succeeded(self, op: &Operation) {
        op.store.limits.sign_in.forget(self.account_and_network);
        op.store.limits.sign_in_failures.forget(self.account);
    }
}

/// Seconds that a try is held back after so many failures in a row.
fn delay_after(failures: u32) -> i64 {
    match failures.checked_sub(FREE_FAILURES) {
        None => 0,
        Some(more) => {
            1_i64.checked_shl(more.min(16)).unwrap_or(LONGEST_DELAY_SECONDS).min(LONGEST_DELAY_SECONDS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_has_an_end() {
        let delays: Vec<i64> = (0..11).map(delay_after).collect();
        assert_eq!(delays, [0, 0, 0, 0, 0, 1, 2, 4, 8, 10, 10]);
        assert_eq!(delay_after(u32::MAX), LONGEST_DELAY_SECONDS);
    }
}
