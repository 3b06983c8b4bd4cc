// The style of /docs: one column a phone can read, light and dark, nothing loaded from anywhere.

export const DOCS_STYLE = `
:root{color-scheme:light dark;--ground:#fbfaf7;--raised:#fff;--ink:#1d1c1a;--quiet:#66625a;--line:#e2ded5;--mark:#8a3b12;--get:#1f6f4a;--post:#174f8f;--put:#7a5200;--delete:#9c2130}
@media (prefers-color-scheme:dark){:root{--ground:#161513;--raised:#1f1e1b;--ink:#ece9e2;--quiet:#a39e93;--line:#35332e;--mark:#f0a477;--get:#7fd0a6;--post:#8dbbf2;--put:#e3b95f;--delete:#f0909b}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
main,header,nav{max-width:56rem;margin:0 auto;padding:0 1rem}
header{padding-top:2.5rem}
h1{font-size:2rem;line-height:1.15;margin:0 0 .5rem}
h2{font-size:1.4rem;margin:3rem 0 .75rem}
h3{font-size:.8rem;text-transform:uppercase;letter-spacing:.06em;color:var(--quiet);margin:1.25rem 0 .4rem}
p{margin:.4rem 0}
a{color:var(--mark)}
a:focus-visible,summary:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;margin:1rem 0;padding:0}
nav a{display:inline-block;padding:.35rem 0}
code,pre{font:.875rem/1.5 ui-monospace,Menlo,Consolas,monospace}
pre{background:var(--ground);border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:.75rem;overflow-x:auto;overflow-wrap:normal}
details{background:var(--raised);border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0}
summary{cursor:pointer;display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline;padding:.7rem .9rem}
summary::-webkit-details-marker{display:none}
.body{border-top:1px solid var(--line);padding:.5rem .9rem 1rem}
.method{font-weight:700;min-width:3.6rem;text-transform:uppercase;font-size:.8rem}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.delete{color:var(--delete)}
.path{font-weight:600}
.quiet{color:var(--quiet)}
.fields{list-style:none;margin:0;padding:0}
.fields .fields{border-left:2px solid var(--line);margin:.2rem 0 .2rem .3rem;padding-left:.8rem}
.fields li{padding:.15rem 0}
dl{display:grid;grid-template-columns:minmax(0,auto) minmax(0,1fr);gap:.3rem 1rem;margin:.4rem 0}
dt,dd{margin:0}
dd{color:var(--quiet)}
footer{max-width:56rem;margin:3rem auto 2rem;padding:0 1rem;color:var(--quiet)}
@media (max-width:32rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
`;
