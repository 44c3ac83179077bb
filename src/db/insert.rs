//! Many rows in few statements.

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    Iterable as _, QueryTrait as _, Statement,
};

/// Values that one statement binds, at most: what both engines take without pausing for it.
pub const MOST_VALUES: usize = 2_000;

/// What puts rows in: made without the database, so that it can be made beside what runs there.
pub struct Inserts {
    backend: DbBackend,
    statements: Vec<Statement>,
}

impl Inserts {
    /// None yet.
    pub fn new(backend: DbBackend) -> Self {
        Self { backend, statements: Vec::new() }
    }

    /// These rows, after those that are there: in few statements, none without a row.
    pub fn add<A>(&mut self, rows: impl IntoIterator<Item = A>)
    where
        A: ActiveModelTrait + ActiveModelBehavior,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let at_once = MOST_VALUES / <A::Entity as EntityTrait>::Column::iter().count().max(1);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let some = rows.by_ref().take(at_once.max(1));
            self.statements.push(A::Entity::insert_many(some).build(self.backend));
        }
    }

    /// Puts them in.
    pub async fn run(self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        for statement in self.statements {
            connection.execute_raw(statement).await?;
        }
        Ok(())
    }
}

/// Puts rows in.
pub async fn all<A>(connection: &impl ConnectionTrait, rows: impl IntoIterator<Item = A>) -> Result<(), DbErr>
where
    A: ActiveModelTrait + ActiveModelBehavior,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
{
    let mut inserts = Inserts::new(connection.get_database_backend());
    inserts.add(rows);
    inserts.run(connection).await
}
