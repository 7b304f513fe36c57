"""A small thesaurus: words that are said in each other's place. Groups stand between slashes, in everyday spelling.

Written by hand from general English and from what meetings about work are about. It lets "hiring" find "we
interviewed her" and "cost" find "fifty cents". A group is an association, not a synonym, so the memory counts a
related word for only part of a real match. One form of a word is enough: the others share its stem.
"""

from __future__ import annotations

RELATED = """
absent missing away attend / abstract paper summary / accent pronunciation pronounce dialect
accept agree okay approve / access open reach available
accuracy accurate error correct precision performance / activate turn switch enable power
adaptation speaker / add addition include extra / admission fee ticket entrance price
advanced simple regular basic chip / advantage benefit pros strength plus positive
advertise advertising campaign promotion commercial / advise advice recommend suggest counsel
affordable cheap low price / agenda plan schedule outline order / agent system assistant dialogue
agriculture farmer crop livestock / algorithm method compute calculation / align time match
alternative option other instead another choice / amendment bill legislation act clause
amplitude level loudness gain / analysis statistics results study findings
analyze analyse analysis study examine investigate / animal dog cat pet favourite favorite
animal tiger lion elephant / annotation annotating label labelling mark tag transcribe
annoy irritate irritating frustrating / annual yearly / appeal attractive sexy fancy beautiful
appearance look colour color shape aesthetic beautiful ugly visual / approve accept ok permission
argument debate dispute disagree / arrange organize schedule plan / arrive come late
arrow up down cursor navigate / articulatory articulation tongue mouth
assemble assembly build put construct / attend come present join / attention focus notice distract
attract appealing appeal / automatic automatically automate manual / average mean median typical
awful terrible horrible bad dreadful / backchannel overlap acknowledge
background history context experience / backup copy clone archive duplicate / backup mirror copy restore
baseline reference compare standard / batch job run queue
battery power energy solar charge recharge kinetic electricity / battery power transmitter wireless
beautiful pretty nice lovely elegant / beep whistle sound find lost
begin start opening kickoff initial first / beginner novice new learn / benchmark test evaluation task
bird eagle fly / bleep beep censor remove anonymize / blind deaf visually impaired hearing disabled
boring dull interesting / boundary segment end edge / break lunch coffee pause
bug error mistake wrong fail failure problem broken fix / building tower castle church house
button key keypad press push click scroll wheel menu / buy buyer purchase order customer shop store
cancel cancelled drop / car vehicle drive bus train transport / case cover housing shell box
castle tower tour landmark town / cat dog kitten pet / cause effect consequence result impact influence
celebrate party birthday anniversary drinks / censor remove delete sensitive
change modify modification adjust alter revise replace / channel program station
charger recharge plug socket adapter / chart figure graph table / check verify confirm validate review
child children kid parents family / childproof safe lock
chip circuit board processor hardware electronics
choose choice chose pick select decide preference prefer / citizen public people population
clarification clear explain mean / class category type kind classify classification cluster
clean noisy noise condition / clear clarify clarification explain unclear / clip distortion saturate
clothes wear fashion / code program implementation implement script / coffee tea break drink
collaboration partner joint together / collect gather gathering acquire
colour color red blue green yellow black white grey gray bright / combine merge mix integrate together
comfort pleasant relaxed easy / committee chair chairman member panel inquiry
communicate communication talk contact message / community local people residents
company corporate business firm industry organisation / compare comparison difference versus better worse
complaint complain dissatisfied annoying frustrated / component part element module piece
compress size smaller zip / compromise middle agree balance tradeoff / computer machine laptop server pc
concern worried hesitate reluctant doubt skeptical / condition mismatch situation environment
conference workshop talk presentation speech / confuse unclear misunderstand ambiguous
consensus agree unanimous / consent permission form sign agree agreement legal approval
construal interpretation metaphor meaning / construct build make develop
construction grammar linguistic / contact touch reach call email
context contextual situation background / contract deal agreement negotiate sign
controversial argue disagree / convention standard rule / conventional usual normal standard common
coordinate organize manage
cost price money expensive cheap budget pay paid afford euro dollar cents pound / cpu processor machine
creative idea imagination brainstorm innovative / criterion criteria requirement evaluation standard
criticize criticism critique complain negative / current currently now present today
curriculum qualification exam assessment syllabus / curved round flat
curved double single flat ergonomic / customer client / customize personalize adapt configure
daily day every / dark night light invisible / data dataset corpus collection set database
database table entry record data / deadline due submit finish date
decrease reduce reduction lower less fewer cut / deep shallow semantic parse
delete remove erase edit discard cut drop / demo demonstration show prototype example
demo show visitors present darpa / depart departure leave go
design style look shape drawing concept layout / detector vad silence / develop build implement engineer
diagram chart graph figure plot / dialogue dialog conversation discourse utterance
dialogue act tag label / dictionary lexicon pronunciation / difference differ distinguish vary variation
digit number numeral / digital analog electronic / digitize sampling rate
dimension dimensionality size features / dinner restaurant eat / direction way route navigate
directory folder path file / disability impairment wheelchair accessible
disadvantage drawback cons weakness downside negative / discriminant lda klt pca transformation linear
disease virus pandemic covid vaccine infection health / disfluency hesitation filler repair um
disk disc storage store space drive gigabyte memory archive archiving backup / dislike hate annoying ugly
distance far near nearby close proximity / distort noise / distract attention disturb
distribute allocate assign divide share / disturb interrupt bother noise
dock station base cradle charger recharge / document documentation report notes minutes
door entrance open lock / doubt unsure uncertain skeptical / drink coffee tea water
drop fall throw break / durable durability strong robust sturdy solid break unbreakable
easy ease simple simplify friendly usability intuitive convenient straightforward
echo reverberation cancellation reflection / economy economic growth recession gdp
education training teaching learning school university college course / email mail send message letter
embarrassing sensitive joke private / emergency crisis urgent response disaster
emission carbon climate pollution / emotion emotional feeling mood happy angry
emphasize emphasis stress highlight focus / empty full fill blank / encourage motivate incentive
end finish close complete done conclude / energy power environment recycle green climate
energy amplitude loudness power volume / engineer developer technical
english language fluent native accent nonnative foreign / enough sufficient lack shortage missing
enter entrance entry door go / entity object thing building / entrance door gate enter
equality fair gender discrimination / equipment device hardware machine gear instrument kit setup
ergonomic comfortable hand fit grip shape / errand shop business / error rate wer performance score
estimate guess approximate predict forecast / evaluate evaluating assess rating criteria score measure
evidence proof prove fact show / evidence witness testimony statement / example instance sample demo
excellent great perfect brilliant fantastic / experience experienced background skill
experiment trial test run study subject / expert specialist experienced professional
export import trade tariff / family parent mother father home / far near close distant field
fast quick speed rapid slow / favourite preferred best like channel
feature attribute property characteristic variable
feature vector coefficients cepstral spectral spectrum parameters
feedback comment review opinion response reaction / file directory folder format document
filename name convention file / filter filtering wiener smooth
finance financial funding grant money budget invest / finder locator lost beep paging whistle
fish whale sea / fix repair solve solution resolve handle / flap cover lid panel open
focus concentrate attention emphasis / foldable flip open slide
food eat lunch dinner breakfast coffee tea snack / forbid forbidden prohibit ban illegal restrict
forget forgot remember / format layout style template / fragile break delicate broken
framenet frame semantic / frequent often regularly weekly / fruit vegetable banana apple
frustrating difficult annoying / function functionality feature capability work
funding darpa nsf sponsor money grant / future next upcoming later plan soon tomorrow
future next upcoming coming plan later / gain level amplification volume
gaussian mixture distribution model / gesture body face eye gaze hand / gift present reward
goal aim objective purpose target intention / goal task scenario
government minister ministry public policy national federal / grammar syntax sentence parse semantic
guarantee warranty promise / guideline convention rule instruction / hand finger thumb wrist grip hold
handed left right / handout paper print copy / happy satisfied satisfaction glad pleased like enjoy
hard difficult difficulty complicated complex tricky tough challenge / hate dislike awful annoying
headset headphone earphone microphone
health medical doctor hospital patient care disease illness mental
height width length deep narrow wide thin thick / help assist support / hesitation pause disfluency um
hidden layer middle unit / hire recruit interview candidate applicant employ employee staff job
hobby interest sport / home house household living / host organize
hotspot hot spots excitement involvement emotion / housing homes rent tenant homeless
hurry rush fast quick time / idea concept suggestion thought brainstorm / ignore skip neglect disregard
immigrant refugee visa border asylum / impact effect influence affect
important essential crucial key significant main priority / improve better enhance best optimize
improve gain reduction better / incentive pay reward motivate gift
include contain incorporate integrate combine / increase rise grow growth raise more higher
inference reasoning deduce / information info data knowledge facts / injury strain pain rsi wrist hurt
inside outside indoor outdoor inner outer / inspect check look examine / inspection audit review monitor
install setup set configure / install setup run / instruct explain guide tell
instruct order boss management / instruction directions manual help / insurance cover benefit pension
intention intend plan / interchangeable removable cover faceplate swap / interest attract appeal
interface gui java display
international worldwide global world country abroad europe asia america foreign / interrupt pause silence
intonation pitch prosody contour / introduce introduction welcome acquaint hello myself name
invite guest ask / italian spanish finnish german language / jack plug connector wire
java javabayes program language / joke funny fun laugh humor / joystick pointer cursor arrow navigation
justice court judge legal / keyboard typing keys / kinetic movement shake motion energy
knowledge know expert experience / label tag marker category name
landmark building monument tower castle / language linguistic english german french native foreign speak
language welsh french english bilingual / lantern torch flashlight lamp
late delay postpone latency slow behind / latency delay milliseconds buffer realtime wait
launch introduce market sell debut / lawsuit sue legal liability
leader leadership manager boss head chief director charge / learn study train
leave resign quit vacation holiday away absent absence
legal law lawyer legislation regulation rules policy / license licence software permission
light lamp glow led bright dark / likelihood probability score / limit restriction constraint
linear nonlinear regression / loan debt credit borrow interest bank
location place room where building site lab office / lockdown restriction quarantine isolate distancing
logo emblem slogan motto brand corporate / logo slogan motto brand name label
lost lose find missing locate beep / love like enjoy favourite / lunch noon eat break
luxury expensive fancy premium exclusive / maintenance maintain support service / manage handle organize
management boss executive company / manual instruction guide guideline
map location route navigation direction / market customer consumer buyer sell demand competitor brand
mask ppe protective equipment
material plastic rubber wood wooden metal titanium steel glass fabric cloth spongy soft
meaning semantic sense interpretation / measure metric score statistics
meeting session conference appointment / memory remember recall forget reminder
mental stress anxiety depression wellbeing / menu option list choose select navigation
merge integrate combined join / metaphor figurative meaning
method approach technique algorithm procedure way / microphone mike mic headset channel lapel
minutes notes record summary / misunderstanding confusion wrong / model modelling network net
modern contemporary new trendy fashionable / morning afternoon evening noon / motto slogan phrase
movie film cinema video show / multilingual languages spanish italian finnish danish
museum exhibit gallery visit / music song radio sound / mute silence volume
name call label title identity / necessary necessity need essential required
network net node layer graph structure / neural network net perceptron layer hidden train
new novel innovation innovative modern latest / node edge layer variable
noise noisy background reverberation echo interference / noise removal denoise wiener filter clean
normal ordinary usual regular typical / normal gaussian distribution / normalize mean scale
notes minutes write / number amount count quantity many / nurse doctor hospital clinic staff
observe watch look monitor notice / old older elderly age aged senior grandparents generation forty fifty
ontology taxonomy concept knowledge hierarchy / open close shut lock unlock / open free release license
opening closed hours / opposite against disagree objection argue conflict / order sequence sort
organize arrange plan setup coordinate / overbudget budget exceed expensive limit
overlap interrupt simultaneous
paper article publication publish journal conference submit submission proposal
parameter setting option value tune / parental children kids lock block restrict / parse xml syntax
partner collaborator cooperation sponsor / password login account access
past previous earlier last ago yesterday history / path route trajectory way / pda handheld palm device
pen pencil marker write whiteboard / pen stylus digital draw / pension retire elderly
percent percentage half rate ratio proportion / perfect ideal flawless best
performance result accuracy score percent improvement baseline / permission allow permit forbid ban
person people someone staff colleague personnel student / personal individual private own
phone telephone call mobile cell cellphone / phoneme phone phonetic sound
phonetic phone transcription articulatory / picture draw sketch whiteboard paper animal
pitch frequency fundamental f0 intonation / plot graph curve figure / police crime criminal court prison
policy strategy plan regulation / pollution waste recycle plastic environment
population demographic people census / portable mobile laptop carry move handheld
position place location where spot angle / postpone delay later defer put
poverty poor deprived disadvantaged inequality / practice practise rehearse try
praise compliment positive like / predict infer estimate / prefer preference favorite favourite rather
presegment presegmentation automatic segmentation / prevent avoid stop protect
priority first important urgent
privacy private anonymous consent permission confidential names sensitive
probability likelihood chance random distribution prior bayes
problem issue trouble difficulty concern wrong obstacle bottleneck / processing compute run
produce production manufacture factory build make / product device item article goods
professor advisor supervisor faculty / profit revenue sales sell sold margin income earn turnover
progress status update work done far / project program assignment task / prolog logic rule
promise commit pledge / proposal grant submit write / prosody prosodic pitch intonation stress duration
prototype demo model mockup sample version
publication paper conference journal submit eurospeech icassp / punish penalty fine sanction
purpose aim reason goal intended / quality good bad better standard / quality check verify inspect
query database question sql / question query ask survey questionnaire / random chance shuffle
rank order top best / rating score scale points rank / read book / reasoning logic infer
recent lately last / recognition recogniser recognizer recognize asr speech detect
recognition recognizer decoder hypothesis acoustic hmm gaussian mixture / record tape capture
reduce redesign cheaper cut savings / reference pronoun / reform change overhaul
refuse reject decline deny / regular weekly routine / reject refuse decline discard
release launch ship deliver delivery publish / remote control controller device / removable detach cover
repair fix broken maintenance / repeat repetition again redo / replace exchange swap interchangeable
requirement need must specification spec demand / research study science scientific paper investigate
researcher scientist investigator / resource capacity supply / response reaction delay latency
responsibility blame charge accountable / restrict limit forbid
result outcome finding conclusion numbers / return back come / review revise feedback evaluation look
reward gift prize pay / risk risky danger uncertain safety / robust reliable stable
robust durable strong last / role responsibility duty job task assign
room building office lab department space / rubber soft grip squeeze squishy / rule logic condition
rural countryside farm agriculture / safe safety secure danger dangerous risk protect
salary wage pay income payment / sample sensor speaker chip / sampling rate frequency
sarcasm irony joke laugh laughter / satisfied dissatisfied happy unhappy pleased
savings cheaper economical
schedule calendar date deadline timeline plan week month monday tuesday wednesday thursday friday due
schedule meeting time slot / schema frame structure / school teacher pupil education student
screen display lcd monitor touchscreen menu panel / script perl shell program / scroll wheel jog slider
search find lookup query retrieve / sector industry business economy / see view watch look visible
segment chunk piece section / segmentation segment boundary cut split
sensitive private confidential embarrassing / sensor detect trigger
separate split divide segment segmentation apart / server network internet web online connection wifi
server machine computer cpu / service help support customer
shape form size round square curved big small / share distribute public release / sick ill doctor
signal filter frequency spectrum channel energy
signal infrared transmit transmission receiver send bluetooth / silence nonspeech pause quiet
similar same like resemble / simulate model emulate / sit seat chair table across beside
situation context circumstances scenario case / size big small large tiny huge compact
skip omit ignore leave / slide powerpoint projector / slide presentation powerpoint show
sliding cover flap / smoke cigarette / smooth average
software program code tool system implement script / solar panel cell sun light
solution alternative approach option answer
sound audio noise noisy loud volume acoustic hear heard listen / source supply energy power battery
special unique original different distinctive innovative / spectral spectrum frequency subtraction
speed fast time / sponsor funding partner company / sport game play
sports football tennis exercise hobby / standard protocol norm format / standby idle sleep off
statistics probability number average count / step stage phase progress next / stock available inventory
strange weird odd unusual funny / strategy strategic plan approach / street road avenue corner
structure hierarchy organize architecture framework / student phd grad undergraduate graduate
style fashion trend trendy fancy look appearance aesthetic modern cool
subject participant volunteer recruit / subject consent human form / subsidy grant support aid
subtraction mean noise remove / supplement extra add attachment
supplier vendor provider contractor partner / supplier deliver order stock
support favour favor agree help / surface texture smooth rough skin
survey questionnaire interview poll feedback / survey respondents percent users research
symptom diagnosis treatment therapy / synchronize sync time align / table column row
tabletop table desk pda / tag tagset label category / target audience group range age demographic
task assignment work homework todo action job / task aurora evaluation benchmark / tax budget revenue
teach explain / team group colleagues together cooperation collaborate collaboration teamwork
technical technology technological engineering tech electronic / teletext subtitles text
television tv telly video dvd stereo / test trial try experiment evaluate check
texture feel touch soft spongy smooth surface / thank grateful appreciate
thesis dissertation phd master degree / threshold cutoff level limit / ticket fee fare admission
time duration long length hour minute seconds / timing clock timestamp / tired sleep rest
titanium metal aluminium steel / tool whiteboard pen laptop projector slides
top bottom front back side left right corner edge / total sum overall altogether
tour sightseeing guide visit / tourism tourist holiday visitor / toy doll child play
tradeoff balance compromise versus / traditional classic old conventional standard / train learn model
train mismatch condition / transcriber annotator coder labeler
transcript approve participant review bleep / transcription transcribe annotate
transport traffic road rail train bus / travel trip tour visit route flight hotel destination drive
trigger activate wake start switch / trust reliable confident / tutorial introduction guide learn
ugly hideous awful horrible / unanimous everyone agree all / undergraduate student intern summer
universal integrated combined several
university college campus academic professor faculty student degree
upload download transfer send copy ftp / usability use user interface ergonomic
useful helpful valuable handy / user intention purpose goal want
user customer people audience interface / user driver tourist / utterance sentence phrase speech
vaccine dose immunization / version revision draft update / version release edition prototype
video camera film image picture photo / view vista see look / visit come trip / visitor guest tourist
vocabulary words lexicon dictionary / voice microphone speak command
voice speech spoken speak talk sound audio / voiced unvoiced pitch / volume loud sound mute
vote election / vote poll ballot show / vowel consonant phone / wait queue delay
warm hot heat cold temperature / waterproof water wet splash / wear worn clip attach mount holder
weather rain snow cold hot temperature / weather outdoors rain / web site page url
website web site page internet online link / weight heavy light / whiteboard board draw pen
window frame segment second milliseconds / wire cable wireless cord plug / wizard simulate simulated fake
wizard experiment subject phone / wood wooden natural bamboo
word vocabulary lexicon lexical phrase term / worker employee labour labor employment job unemployment
worry afraid fear concern anxious / write written draft document report text / xml format markup html
young youth kids children teenagers age generation twenties / zap channel switch flip browse
""".strip()
