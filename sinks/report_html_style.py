"""PURE: how report.html looks, light, dark, on a phone and on paper; and its few lines of script.

The page needs neither: without them it reads from top to bottom. Both are named to
the browser by their hash, so that nothing else on the page is ever run.
"""

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--soft:#f4f6f8;--line:#d5dae0;--text:#1a1f26;
--dim:#56606b;--link:#0a58ba;--net:#0a58ba;--gross:#96600a;--gain:#11702e;--loss:#b3261e;
--base:#7a3fb0;--g:17,112,46;--l:179,38,30}
@media (prefers-color-scheme:dark){:root{--bg:#0f1318;--soft:#181e25;--line:#343c46;
--text:#e5eaf0;--dim:#9ba6b2;--link:#79b4ff;--net:#6cadff;--gross:#e0b04c;--gain:#5fcf80;
--loss:#ff8a80;--base:#c9a0f5;--g:95,207,128;--l:255,138,128}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--text);overflow-wrap:break-word;
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,main,footer{max-width:1640px;margin:0 auto;padding:0 24px}
h1{font-size:26px;line-height:1.2;margin:28px 0 4px}
h2{font-size:20px;margin:0 0 6px}h3{font-size:16px;margin:22px 0 6px}
h4{font-size:13px;margin:0 0 4px;color:var(--dim)}
p{margin:6px 0;max-width:90ch}
a{color:var(--link)}
code{font:12px ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:14px 0}
section{padding:22px 0 6px;border-top:1px solid var(--line);margin-top:22px}
.says{font-size:18px;border-left:4px solid var(--net);padding:4px 0 4px 14px;margin:14px 0}
.apart{border-top:4px double var(--line)}
.warn{background:var(--soft);border-left:4px solid var(--loss);padding:8px 14px}
.note,small,caption,.why,figcaption,dt{color:var(--dim)}
.note{font-size:13px}
small{display:block;font-size:11.5px;line-height:1.35;font-weight:400}
summary small{display:inline;font-size:13px}
.badge{display:inline-block;border:1px solid currentColor;border-radius:10px;padding:0 8px;
font-size:12px;line-height:18px;white-space:nowrap;font-weight:600}
.badge.gain{color:var(--gain)}.badge.loss{color:var(--loss)}.badge.even{color:var(--dim)}
.mark{font-style:normal;color:var(--loss)}
.no{text-decoration:none;color:var(--dim)}.no sup{font-size:9px}
.scroll{overflow-x:auto;margin:10px 0;border:1px solid var(--line);border-radius:6px}
.scroll:focus-visible,summary:focus-visible,a:focus-visible,button:focus-visible{
outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:6px 10px;font-size:13px;font-weight:600}
th,td{text-align:left;vertical-align:top;padding:5px 10px;border-top:1px solid var(--line)}
thead th{background:var(--soft);font-size:12px;vertical-align:bottom;white-space:nowrap}
th.r,td.r{text-align:right}
tbody th{font-weight:600;min-width:9em}
table.wide tbody th{min-width:14em}
td.r .v{white-space:nowrap;font-weight:600}
small span{display:block;white-space:nowrap}
table.wide tbody th[scope=row]{position:sticky;left:0;background:var(--bg);z-index:1;
max-width:20em;overflow-wrap:anywhere}
tr.class th{background:var(--soft);text-transform:none}
.signals td{white-space:nowrap}
.signals td:nth-child(5){white-space:normal;min-width:9em;overflow-wrap:anywhere}
.months td{white-space:nowrap}
.g1,.g2,.g3,.l1,.l2,.l3{padding:1px 4px;border-radius:3px}
.g1{background:rgba(var(--g),.12)}.g2{background:rgba(var(--g),.22)}.g3{background:rgba(var(--g),.34)}
.l1{background:rgba(var(--l),.12)}.l2{background:rgba(var(--l),.22)}.l3{background:rgba(var(--l),.34)}
thead button{all:unset;cursor:pointer;font-weight:600}
thead button:hover{text-decoration:underline}
th[aria-sort=ascending] button:after{content:" \\25B2"}
th[aria-sort=descending] button:after{content:" \\25BC"}
input{font:inherit;padding:4px 8px;border:1px solid var(--line);border-radius:6px;
background:var(--bg);color:var(--text);width:min(100%,24em)}
details{border:1px solid var(--line);border-radius:8px;margin:10px 0;padding:0 16px}
details[open]{padding-bottom:12px}
summary{cursor:pointer;padding:10px 0;overflow-wrap:anywhere}
details details{background:var(--soft)}
.against{border-left:4px solid var(--loss);padding:0 12px;margin:10px 0}
.against ul{margin:2px 0;padding-left:20px}
.charts{display:grid;gap:14px;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));
margin:12px 0}
figure{margin:0;border:1px solid var(--line);border-radius:6px;padding:8px 8px 4px;
break-inside:avoid;max-width:560px}
figcaption{font-size:13px;font-weight:600;margin-bottom:4px}
svg.chart{display:block;width:100%;height:auto}
svg text{font:10.5px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;
fill:var(--text);font-variant-numeric:tabular-nums}
svg .unit,svg .n{fill:var(--dim)}svg .strong{font-weight:600}
svg .grid{stroke:var(--line);stroke-width:.6}
svg .axis{stroke:var(--dim);stroke-width:1}
svg .zero{stroke:var(--text);stroke-width:1}
svg .curve{fill:none;stroke-width:1.6;stroke-linejoin:round}
svg .curve.net{stroke:var(--net)}
svg .curve.gross{stroke:var(--gross);stroke-width:1.2;stroke-dasharray:4 2}
svg .end{font-weight:600}svg .end.net{fill:var(--net)}svg .end.gross{fill:var(--gross)}
svg .ideal{stroke:var(--dim);stroke-width:1;stroke-dasharray:2 3}
svg line.base{stroke:var(--base);stroke-width:1.2;stroke-dasharray:6 3}
svg text.base{fill:var(--base)}
svg .whisker{stroke:var(--text);stroke-width:1.2}
svg .dot{fill:var(--net)}svg .bar{fill:var(--net);fill-opacity:.75}
svg .void{fill:var(--soft);stroke:var(--line)}
svg.strip{display:block;width:120px;height:12px;margin-left:auto}
svg .whisker.gain{stroke:var(--gain);stroke-width:2}
svg .whisker.loss{stroke:var(--loss);stroke-width:2}
svg .whisker.even{stroke:var(--dim);stroke-width:2}
svg circle.gain{fill:var(--gain)}svg circle.loss{fill:var(--loss)}svg circle.even{fill:var(--dim)}
svg.bar{display:block;width:100%;min-width:70px;height:8px;margin-top:2px}
svg .track{fill:var(--soft)}svg .fill{fill:var(--net)}
dl{margin:8px 0}dd{margin:0}
dl.facts{display:flex;flex-wrap:wrap;gap:8px 28px}dl.facts dd{font-weight:600}
dl.terms{columns:2 24em;column-gap:36px}dl.terms div{break-inside:avoid;margin-bottom:8px}
dl.terms dt{font-weight:600;color:var(--text)}
.figures{columns:3 270px;column-gap:32px;margin:14px 0}
.figures>div{break-inside:avoid-column;margin-bottom:12px}
.figures dl div{display:flex;justify-content:space-between;gap:12px;padding:4px 0;
border-top:1px solid var(--line);font-size:13px;break-inside:avoid}
.figures dd{text-align:right;font-variant-numeric:tabular-nums}.figures .v{font-weight:600}
.two{display:grid;gap:0 24px;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr))}
.two>*{min-width:0}
ul.ready{columns:22em;margin:6px 0;padding-left:20px}
ol.why{font-size:13px;padding-left:28px}
@media (max-width:600px){header,main,footer{padding:0 14px}body{font-size:14px}h1{font-size:22px}
.says{font-size:16px}details{padding:0 10px}th,td{padding:5px 7px}
table.wide tbody th[scope=row]{max-width:11em;min-width:9.5em}}
@media print{@page{size:A4 landscape;margin:10mm}
:root{color-scheme:light}body{font-size:10px}header,main,footer{max-width:none;padding:0}
nav,input{display:none}.scroll{overflow:visible;border:0}table,caption,thead th{font-size:8px}
small,summary small,.badge{font-size:7px}.badge{line-height:10px;padding:0 3px}
.says{font-size:12px}figcaption,.figures dl div,.note,ol.why,h4{font-size:9px}
th,td{padding:2px 3px}table.wide tbody th[scope=row]{position:static}
small span,.signals td,thead th{white-space:normal}
thead{display:table-header-group}tr{break-inside:avoid}
details::details-content{content-visibility:visible;display:block;height:auto}
.charts{grid-template-columns:repeat(3,1fr)}a{color:inherit;text-decoration:none}}
"""

SCRIPT = """
"use strict";
const text=cell=>((cell.querySelector(".v")||cell).textContent||"").trim();
const rank=cell=>{const raw=text(cell),plain=raw.replace(/\\u2212/g,"-").replace(/[<+,]/g,"");
return /^-?\\d+(\\.\\d+)?(e[+-]?\\d+)?%?( |$)/.test(plain)?parseFloat(plain):raw};
const order=(a,b)=>{const none=v=>typeof v==="string"&&(v===""||v[0]==="\\u2013");
if(none(a)||none(b))return none(a)-none(b);
if(typeof a!==typeof b)return typeof a==="number"?-1:1;
return typeof a==="number"?a-b:a<b?-1:a>b?1:0};
for(const table of document.querySelectorAll("table.sortable")){
[...table.tHead.rows[0].cells].forEach((head,at)=>{
const button=document.createElement("button");button.textContent=head.textContent;
button.type="button";head.replaceChildren(button);
button.onclick=()=>{const down=head.getAttribute("aria-sort")==="ascending";
for(const each of table.tHead.rows[0].cells)each.removeAttribute("aria-sort");
head.setAttribute("aria-sort",down?"descending":"ascending");
for(const body of table.tBodies){const rows=[...body.rows].filter(row=>row.cells.length>at&&
!row.classList.contains("class")).map(row=>[rank(row.cells[at]),row]);
rows.sort((x,y)=>{const found=order(x[0],y[0]);
return down&&typeof x[0]===typeof y[0]&&x[0]!==""?-found:found});
body.append(...rows.map(each=>each[1]))}}})}
const signals=document.querySelector("table.signals");
if(signals){const input=document.createElement("input");input.type="search";
input.placeholder="Show only signals with these words";
input.setAttribute("aria-label",input.placeholder);
input.oninput=()=>{const words=input.value.toLowerCase().split(/\\s+/).filter(Boolean);
for(const row of signals.querySelectorAll("tbody tr:not(.class)")){
const held=row.textContent.toLowerCase();row.hidden=!words.every(word=>held.includes(word))}};
signals.parentElement.before(input)}
const unfold=()=>{const held=document.getElementById(decodeURIComponent(location.hash.slice(1)));
if(held&&held.tagName==="DETAILS")held.open=true};
addEventListener("hashchange",unfold);unfold();
addEventListener("beforeprint",()=>{for(const each of document.querySelectorAll("details"))
each.open=true});
"""
