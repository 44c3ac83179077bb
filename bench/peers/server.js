// PostGraphile, as bench/queries.py measures it: `node server.js DATABASE WORKERS CONNECTIONS`. A cluster of so many
// processes, with so many database connections in each, on a free port of loopback; prints its address once all of them answer.

import cluster from "node:cluster";
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { pgSmartTags } from "postgraphile/utils";

const [database, workers, connections] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

// What Copydesk's tables do not say by foreign keys, and that these columns may be sorted and filtered by: an index has them,
// though not as its first.
const RELATIONS = [
  { kind: "class", match: "sections", tags: { unique: "article_id,id" } },
  { kind: "class", match: "figures", tags: { foreignKey: "(article_id,section_id) references sections (article_id,id)|@fieldName section|@foreignFieldName figures" } },
  { kind: "class", match: "comments", tags: { foreignKey: "(parent_id) references comments (id)|@fieldName parent|@foreignFieldName replies" } },
  { kind: "class", match: "related_links", tags: { foreignKey: "(target_article_id) references articles (id)|@fieldName target|@foreignFieldName referrers" } },
  {
    kind: "attribute",
    match: (attribute) => ["position", "published_at", "created_at", "article_id", "parent_id", "section_id", "is_direct"].includes(attribute.attname),
    tags: { behavior: "+orderBy +filterBy" },
  },
];

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [pgSmartTags(RELATIONS)],
  pgServices: [makePgService({ connectionString: database, schemas: ["public"], poolConfig: { max: connections } })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
};

if (cluster.isPrimary) {
  const ready = new Set();
  const end = () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill("SIGTERM");
    process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  cluster.on("listening", (worker, address) => {
    if (ready.add(worker.id).size === workers) console.log(`http://127.0.0.1:${address.port}`);
  });
  cluster.on("exit", (worker, code) => {
    console.error(`worker ${worker.id} ended: ${code}`);
    process.exit(1);
  });
  for (let number = 0; number < workers; number += 1) cluster.fork();
} else {
  const instance = postgraphile(preset);
  // Fails here where the schema can't be built, not at the first question.
  await instance.getSchema();
  const serv = instance.createServ(grafserv);
  const server = createServer();
  await serv.addTo(server);
  await serv.ready();
  server.listen(0, "127.0.0.1");
}
